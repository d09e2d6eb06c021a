/** Cases count what the server does, not how often it may be asked. */
export const TEST_LIMITS: readonly string[] = [
  'gateway.messagesPerSecond=1000',
  'gateway.messagesBurst=2000',
  'edge.loginsMax=100',
  'edge.accountRequestsMax=100000',
  'edge.addressRequestsMax=100000',
  'edge.connectionsPerAddressMax=10000',
  // Few enough that a case can reach them.
  'social.outgoingRequestsMax=3',
  'social.incomingRequestsMax=3',
  'lobby.membersMax=4',
  'telemetry.logLevel="error"',
];

/** What is raised where one machine plays many players. All else is at its default. */
export const PLAYERS_RAISED = {
  'gateway.messagesPerSecond': 1_000,
  'gateway.messagesBurst': 2_000,
  'edge.addressRequestsMax': 1_000_000,
} as const;

/** The same where tens of thousands sign in as fast as they can: they share an address, and are not made to wait for a quieter hour. */
export const CROWD_RAISED = {
  ...PLAYERS_RAISED,
  'edge.addressRequestsMax': 100_000_000,
  'edge.connectionsPerAddressMax': 60_000,
  'headroom.raiseMs': 3_600_000,
} as const;

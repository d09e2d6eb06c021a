/** What is raised where one machine plays many players. All else is at its default. */
export const PLAYERS_RAISED = {
  'gateway.messagesPerSecond': 1_000,
  'gateway.messagesBurst': 2_000,
  'edge.addressRequestsMax': 1_000_000,
} as const;

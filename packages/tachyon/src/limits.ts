/**
 * What one message may hold beyond what the published schemas say: they leave most texts and lists without an end, and whatever a
 * client sends is kept in replicated state and sent to everybody in the lobby. The schemas are made once from these, so they are no options.
 * A message over a limit fails with `invalid_request` and the path; `docs/protocol.md` shows them.
 */
export const LIMITS = {
  /** Ids that are not user ids: lobbies, parties, clans, bots, votes. Ours have 36 characters at most. Higher: longer keys in every table. */
  idLengthMax: 64,
  /** Names that people read: lobbies, users, maps, engines. Lower: real map names (up to 60) no longer fit. Higher: lists get wide. */
  nameLengthMax: 128,
  /** Ally teams of a lobby. Lower: big free-for-alls do not fit. Higher: each is part of every lobby's details. The engine allows 255. */
  allyTeamsMax: 64,
  /** Players of a battle, thus of a team, and teams of an ally team: the engine's limit. */
  playersMax: 254,
  /** Game options that a lobby sets. Lower: heavily tweaked games do not fit (about 150 seen). Higher: each is part of the details. */
  gameOptionsMax: 512,
  /** All game options of one message, as compact JSON: with 64 Ki characters a lobby takes no more. Lower: unit tweaks do not fit.
   *  Higher: so does the largest frame that has to be read. */
  gameOptionsBytesMax: 98_304,
  /** The same of ally teams. As many as fit a battle take 16 KiB. */
  allyTeamsBytesMax: 16_384,
  /** The same of one bot's options: a lobby takes 8 Ki characters. */
  botOptionsBytesMax: 16_384,
  /** One option's value. Lower: unit tweaks, which are whole scripts in one option, do not fit. Higher: few of them fill a frame. */
  optionLengthMax: 16_384,
  /** Key of an option or tag. */
  keyLengthMax: 64,
  /** Tags of a lobby: they are in every list of lobbies, so they are few. */
  tagsMax: 32,
  /** Options of one bot. */
  botOptionsMax: 128,
  /** Users named in one report. */
  reportedUsersMax: 100,
  /** What a reporter may write. Lower: little room for what happened. Higher: storage for whoever wants to fill it. */
  reportLengthMax: 2_048,
  /** Queues that one may wait in at a time. */
  queuesMax: 32,
  /** Engines that an autohost has installed. Lower: an old machine's list does not fit. Higher: it is part of the autohost's state. */
  enginesMax: 1_024,
  /** The names of all of them, as compact JSON. */
  enginesBytesMax: 65_536,
  /** What an engine says in one line: chat, warnings. Longer ones are no line. */
  engineTextLengthMax: 8_192,
  /** Data of one Lua message, base64, so a byte each. */
  luaMessageLengthMax: 49_152,
} as const;

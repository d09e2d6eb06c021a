// Made by scripts/option-docs.mjs from the comments in the options.ts files. Do not edit.
export const OPTION_DOCS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "CliOptions": {
    "timeoutMs": "",
    "answerBytesMax": "",
    "reconnectMinMs": "",
    "reconnectMaxMs": "",
    "reconnectForMs": "",
    "keepAliveMs": "",
    "stateLinesMax": "",
    "pollMs": ""
  },
  "ClientOptions": {
    "requestTimeoutMs": "How long a request may wait for its response, time without a connection included. Lower: a cluster that replaces a node (up to 3 s) fails requests it would have answered. Higher: a person waits for nothing.",
    "pendingMax": "Requests without a response at a time. Lower: bursts are refused. Higher: a caller in a loop fills memory before it is told.",
    "reconnectFirstMs": "Before the first attempt to reconnect; doubles with each failure. Lower: back sooner after a flicker. Higher: kinder to a server that thousands lost at once. Each wait is spread over its second half.",
    "reconnectMaxMs": "Longest wait between two attempts. Lower: back sooner after a long outage. Higher: less load on a server that starts.",
    "reconnectResetMs": "How long a connection must last before the waiting starts over at `reconnectFirstMs`. Lower: a server that takes connections and drops them is hammered. Higher: an unlucky client waits longer than needed.",
    "silenceMs": "Silence (no ping, no message) after which the connection is taken for dead. The server pings at least every 10 s. Lower: slow networks are dropped. Higher: a pulled cable goes unnoticed.",
    "upgradeTimeoutMs": "How long the WebSocket upgrade may take. Lower: slow links never connect. Higher: a hung server is noticed late.",
    "httpTimeoutMs": "How long one HTTP request of the sign-in may take. As above.",
    "disconnectTimeoutMs": "How long a clean sign-out waits for its answer. Lower: more sessions wait out their grace. Higher: closing a window takes longer.",
    "frameBytesMax": "Longest frame that is read. Lower: big lobbies do not fit. Higher: a wrong server can fill more memory."
  },
  "HandoffOptions": {
    "catchUpMs": "A move whose target has not caught up after this long is given up. Lower: large shards cannot be moved over slow links. Higher: a target that never catches up keeps the shard from going elsewhere.",
    "storeFreshMs": "Nothing is sealed unless the store answered this lately (K13). Lower: moves wait for an answer more often. Higher: more likely that a shard is sealed when the store has just gone away, and stays so until it is back.",
    "sealMs": "The leader gives a seal up after this long by itself. Above `abortAskMs`: usually the source asks first.",
    "againMs": "The leader repeats what has no answer, and tries again what the store did not take, this often.",
    "abortAskMs": "A sealed source asks for an abort after this long. Lower: slow stores make moves fail. Higher: clients wait longer for nothing.",
    "sayEveryMs": "A source that waits, sealed, says so this often. Lower: a shard whose leader died opens sooner. Higher: fewer messages while the store is away.",
    "handoverAgainMs": "A hand-over that went out and was not taken is sent again after this long.",
    "ungatedCharsMax": "Characters of ungated actors that go with a seal: they are in no log, so they are part of the pause. What is over it is left behind, counted. Lower: more of them begin anew. Higher: longer pauses."
  },
  "HeartbeatOptions": {
    "beatMs": "Every member beats to every coordinator this often. Lower: the leader knows more recent loads, for more messages. Higher: a missed beat costs more of `selfFenceMs`.",
    "selfFenceMs": "Without a good acknowledgement for this long, counted from the sending of the beat that got the last one, a member freezes its ungated actors. Lower: a short trouble among coordinators already stops actors. Higher: `placeAgainMs` has to grow with it.",
    "suspectMs": "Silence after which a member is suspected and probed. Lower: ordinary garbage collections are suspected. Higher: a machine that lost its power is asked for later.",
    "silentMs": "Silence after which a member's replicated shards go to their backups, and it is nobody's backup any more. Ten beats survive the garbage collections seen so far. Lower: a stalled loop is mistaken for death more often. Higher: clients of a hung node wait longer.",
    "placeAgainMs": "Silence after which a member counts as dead and its ungated shards are placed again. At least `selfFenceMs` + `fenceMarginMs`, or two owners run at once. Higher: clients of a hung node wait longer.",
    "fenceMarginMs": "What two clocks may differ in over `selfFenceMs`, and a freeze may take. Lower: two owners may overlap. Higher: `placeAgainMs` grows.",
    "probeEveryMs": "A member without a link, or suspected, is probed this often. Lower: more dials to something that is gone. Higher: a death is sure later.",
    "witnessMs": "Where the leader's own dial is refused, its witnesses get this long to say the same. With their word the death is sure and one transaction settles everything; without it only replicated shards go to their backups. At most what two loop turns of a busy witness take. Higher: after a double failure the backups take over later.",
    "probeRoundMs": "Witnesses that have not answered by now do not count in this round. Longer than one probe takes.",
    "joinPatienceMs": "A registered member that has never beaten is given up after this. Lower: a slow start is taken for death. Higher: its name is listed longer.",
    "stallMs": "An observer whose own loop was this late does not count that time as the silence of others. Lower: verdicts are put off more often. Higher: a stalled observer accuses.",
    "massWindowMs": "Nodes that fall silent within this time of each other fell silent together. Lower: a trouble of the observer that shows in its members one after the other is taken for their deaths. Higher: deaths that have nothing to do with each other are put off.",
    "massPatienceMs": "Where more than half of the nodes fell silent together, so much silence of each is waited for (never less than `placeAgainMs`) before the first of them is believed to be dead. Lower: a machine that was merely busy loses its nodes. Higher: players wait longer where most machines really hang.",
    "ladenMercyMs": "Added to the silence that a node is allowed, once, after it was given much to do at once. Lower: the busy second after a fail-over is taken for the next death. Higher: a node that dies of its work is replaced later."
  },
  "PeersOptions": {
    "redialMinMs": "First wait before a peer is dialled again; doubles to `redialMaxMs`. Lower: a short cut is healed sooner. Higher: fewer dials to the dead.",
    "redialMaxMs": "Lower: a peer that comes back is found sooner. Higher: less work while one is away for long.",
    "helloTimeoutMs": "How long both Hellos may take. Lower: a slow start fails. Higher: a stranger holds a connection for longer.",
    "probeTimeoutMs": "A probe without an answer after this is `silent`. Lower: false alarms under load. Higher: deaths are decided later.",
    "greetingsMax": "Connections that have not said Hello yet. Past it, new ones are closed: strangers cannot fill memory.",
    "buriedMax": "Dead incarnations that are remembered, so that a paused process that wakes up is refused."
  },
  "MembershipOptions": {
    "leaseMs": "Of the lease a process is registered on. A hint only: nobody dies of it. Lower: names of the dead are listed for less long. Higher: an election of the store or a short outage costs no registration. At least 2 s in etcd.",
    "renewMs": "The lease is renewed this often. Lower: more requests per process. Higher: fewer renewals fit in `leaseMs`.",
    "retryMs": "After a failure the next try comes this soon. Lower: more load on a store that is in trouble. Higher: a later heal.",
    "listMs": "Watches may lose events, so everything is listed again this often. Lower: more reads. Higher: what was missed is missed for longer.",
    "hintMs": "A hint of a watch is followed by a list after this: several hints make one list."
  },
  "ClusterOptions": {
    "peers": "",
    "link": "",
    "router": "",
    "streams": "",
    "membership": "",
    "heartbeat": ""
  },
  "NodeOptions": {
    "runtime": "",
    "release": "",
    "replication": "",
    "persistence": "",
    "handoff": "",
    "node": ""
  },
  "ComputeOptions": {
    "fenceCheckMs": "The fence is looked at again, beside its timer, when a command arrives this long after the last look: a process that was stopped wakes up with its messages before its timers. Lower: more looks. Higher: commands of that long may still be executed.",
    "drainAloneMs": "A node that drains and has had no good acknowledgement from a leader for so long waits no more. Lower: a long change of leader leaves the rest to the backups. Higher: a whole cluster that was killed but for its nodes ends later."
  },
  "PersistenceOptions": {
    "gatherMs": "How long a record waits for others before they are committed together; none while a commit is under way, those that come meanwhile are the next. Lower: replies leave sooner, storage works more. Higher: the opposite. At most 5.",
    "commitRecordsMax": "Records of one commit. Lower: more commits. Higher: small commits wait behind large ones.",
    "commitCharsMax": "Characters of one commit, unless one record is longer. Lower: more commits. Higher: small commits wait behind large ones.",
    "claimsMax": "Shards claimed in one call. Lower: a cold start takes more calls. Higher: one call holds more locks.",
    "lagCharsMax": "A shard takes no new turns while this much of it waits. Lower: slow storage slows actors sooner. Higher: more is executed that may have to be repeated elsewhere. In characters of JSON.",
    "lagMs": "Nor while something of it has waited this long.",
    "totalCharsMax": "No shard takes new turns while this much waits in all. Lower: less memory while storage is away. Higher: longer bursts pass.",
    "leaseMs": "An owner may answer reads for so long after it asked storage whether the term still holds (K7), and a new owner is silent for so long after its claim. The same in every process. Lower: reads of quiet shards ask storage more often. Higher: a fail-over takes longer.",
    "leaseMarginMs": "What two clocks may differ in over `leaseMs`; the new owner waits it in addition.",
    "flushMs": "Beside a backup records wait this long for others. Lower: storage works more. Higher: more is missing after owner and backup died together. At most 1,000.",
    "tailCharsMin": "An actor is stored whole when its records are this long, or as long as it was itself, if that is more. Lower: storage writes more. Higher: loads read more. In characters of JSON.",
    "savesMax": "Actors stored whole in one call. Lower: a promoted owner takes more calls. Higher: a call holds the loop for longer.",
    "unsavedMax": "A shard with a backup takes no new turns while more of its actors than this wait for storage, which is away. Lower: long outages stop busy shards. Higher: more memory.",
    "loadsMax": "Shards read from storage at a time. Lower: a start with much state takes longer. Higher: more pages in memory at once.",
    "parkMs": "How long a process that ends waits for storage to have everything. Lower: less is stored where storage is slow. Higher: an orderly stop without storage takes longer.",
    "retryMinMs": "Wait before a failed commit is tried again: the first …",
    "retryMaxMs": "… and, doubled each time, the longest. Lower: storage that comes back is overrun. Higher: actors wait longer than storage was away."
  },
  "ReleaseOptions": {
    "askEveryMs": "An owner that waits, sealed, for a new term or a cancel says so this often. Lower: a shard whose leader died opens sooner. Higher: fewer messages while the store is away."
  },
  "ReplicationOptions": {
    "envelopeCharsMax": "Characters of records in one envelope. Lower: more envelopes. Higher: the first record waits for the last one's encoding.",
    "snapshotCharsMax": "Characters of actors' copies sent per turn of the loop to one learner. Lower: a new backup takes longer. Higher: commands wait behind it.",
    "lagCharsMax": "A shard takes no new turns while this much waits for its second place. Lower: a slow backup slows its owner sooner. Higher: more is executed that may have to be repeated elsewhere. In characters of JSON.",
    "lagMs": "Nor while its oldest record has waited this long.",
    "learnerLagCharsMax": "A learner that keeps up worse than this is given a new snapshot: what waits for it costs memory. In characters of JSON.",
    "silenceMs": "A copy that acknowledges nothing for this long is reported as lost. Lower: a pause of the other process costs a new snapshot. Higher: a backup that is gone but not known to be dead stops its shards for longer.",
    "leaseEveryMs": "Read leases are asked for, and silence is looked for, this often. Well below `leaseMs`, or reads wait for one.",
    "leaseMs": "How long an owner may answer reads after it asked (K7), and what a promoted backup waits where the death is not sure. Lower: a hiccup of the link makes reads wait. Higher: a fail-over by silence takes longer.",
    "leaseMarginMs": "What two clocks may differ in over `leaseMs`; the promoted one waits it in addition.",
    "ungatedWaitMs": "Ungated kinds of a promoted shard stand still for so long where the death is not sure: by then their former process has fenced itself, also one that was heard until the very moment when a dial to it was refused. At least heartbeat's `selfFenceMs` + `fenceMarginMs`, which is the default. Higher: what no log has stands still for longer after a fail-over.",
    "tailCharsMin": "A copy's records are merged into its saved actor when so many, and as many again, are there: at least so many of the last stay. Lower: the backup works more. Higher: copies are larger. In characters of JSON.",
    "tailFactor": "… and longer than the saved actor so many times."
  },
  "RouterOptions": {
    "holdMs": "Longest that a command waits for an owner, all its waits together. Lower: clients see errors during a slow failover. Higher: they wait for an answer that will not come. A silent node is replaced after about 1 s.",
    "holdMessages": "Commands that wait per shard while nothing can be sent. Lower: errors in a burst. Higher: memory, and a burst for the new owner.",
    "holdBytes": "The same in bytes of data.",
    "unansweredPerShard": "Unanswered commands of one shard, sent or waiting. Lower: an actor that answers late (matchmaking) refuses callers. Higher: more is sent again at a failover.",
    "unanswered": "Unanswered commands of this process.",
    "sweepMs": "How often deadlines and holds are checked. Lower: more exact. Higher: less work per second with many unanswered commands.",
    "retryMinMs": "First wait after a bounce that names no newer owner (the table is late, or the seal is short). Doubles with each bounce.",
    "retryMaxMs": "First wait after a bounce that names no newer owner (the table is late, or the seal is short). Doubles with each bounce.",
    "retryForgetMs": "Bounces are no longer \"in a row\" after this long without one."
  },
  "StreamsOptions": {
    "retryMinMs": "First wait before an owner that refused for the moment is asked again; doubles to `retryMaxMs`. Lower: events come again sooner after a failover. Higher: fewer questions to an owner that is not ready.",
    "retryMaxMs": "First wait before an owner that refused for the moment is asked again; doubles to `retryMaxMs`. Lower: events come again sooner after a failover. Higher: fewer questions to an owner that is not ready.",
    "askTimeoutMs": "A subscription that was not acknowledged is asked for again after this. Lower: asks twice while an actor loads. Higher: events come later.",
    "sweepMs": "How often retries and time-outs are looked at.",
    "subscriptions": "(entity, topic) pairs of this process."
  },
  "TakeoverOptions": {
    "beatMs": "The leader beats to every other coordinator this often. Lower: more messages. Higher: fewer beats fit in `silenceMs` and `confirmMs`.",
    "silenceMs": "Silence of the leader after which its vice takes over; a standby that is not the vice waits twice as long. Lower: a garbage collection costs an epoch. Higher: a hung leader is replaced later. A killed one is found by refusal, at once.",
    "firstSilenceMs": "The same for a leader that was never heard: at the start of both. Lower: a slow start costs an epoch. Higher: a cold start behind a dead machine takes longer.",
    "calmMs": "Between two take-overs by silence that this process saw. Lower: a one-way cut makes two coordinators take over in turns. Higher: a leader that falls silent soon after a take-over is replaced later.",
    "confirmMs": "A leader's acknowledgements are good for so long after its last confirmation (K6). Lower: one late answer of the store makes them bad. Higher: shards of a silent node wait longer after a take-over.",
    "readMs": "A leader reads the epoch this often, and a coordinator repeats a probe of its leader, or a take-over that the store did not take. Lower: more reads. Higher: fewer fit in `confirmMs`.",
    "resignMs": "A leader that is told to stop waits so long until its vice leads. Lower: where the store is slow nobody leads for a moment. Higher: where it is away the process ends later.",
    "stallMs": "An observer whose own loop was this late does not count that time as silence. Lower: take-overs are put off more often."
  },
  "CoordinatorOptions": {
    "expectCoordinators": "Coordinators that this cluster is meant to have: with fewer than two standing, `status` says that nobody would take over. 1: a cluster that is meant to have one only, in one process. Placement does not ask.",
    "expectNodes": "Where nobody owns anything yet, shards are placed when so many nodes have come. Lower: the first one gets everything and the others wait for shards that nobody uses. Higher: a smaller cluster waits `coldStartMs`.",
    "coldStartMs": "… or when so much time has passed since the first one came.",
    "tickMs": "Members and links are looked at this often. Lower: deaths by silence are noticed sooner. Higher: less work.",
    "balanceEveryMs": "Owners are compared this often, to give empty shards to whoever has too few. Lower: a joiner gets more sooner. Higher: less work.",
    "releasesMax": "Empty shards that are asked for at once. Lower: a joiner waits longer for its share. Higher: more shards are sealed at one time.",
    "releaseMs": "An owner that was asked for an empty shard and has not answered by now keeps it. Lower: a busy owner is passed over. Higher: one that hangs holds up the others of its round.",
    "parkMs": "The same for a shard that has to be written to storage first, because nobody is there to take it. Lower: a slow storage keeps a node from ending cleanly. Higher: one shard that cannot be written holds up the others of its round.",
    "movesPerNode": "Shards in use that a node hands off or takes over at once. Lower: a drain takes longer. Higher: more shards stand still at one time.",
    "sealWithinMs": "Owners are asked for shards only if the store answered this recently: only the store ends a seal (K13). Lower: one slow answer puts a move off. Higher: shards are sealed for a store that has just gone away, and wait until it is back.",
    "copiesMax": "Backups that change their place at once so that each node's are spread over all others. Lower: a joiner gets its share of them later. Higher: more copying at one time beside the players' commands.",
    "ladenShards": "A node that gets so many shards or copies with one change of the table may beat late after it (`heartbeat.ladenMercyMs`). Lower: more deaths are noticed later. Higher: a node that works on a fail-over is taken for dead more often.",
    "pushAgainMs": "A member whose report does not fit the table gets it again, this often at most. Lower: rows may be sent twice while they are under way. Higher: a lost row is missed for longer.",
    "retryMs": "A transaction or read that failed is tried again this soon. Lower: more load on a store in trouble. Higher: a later heal.",
    "deadMax": "Dead members that are remembered, to tell them so if they come back. A node that comes back later finds itself without shards.",
    "wishMs": "How long a node may take to become what an operator asked for: cordoned, draining, up. Lower: a node that is slow to answer is reported as not having obeyed. Higher: an operator waits longer for one that cannot.",
    "inspectMs": "How long an owner may take to tell an operator about an entity.",
    "inspectionsMax": "Questions of operators that wait for an owner at one time.",
    "auditMax": "Entries of operators' commands that are kept in the cluster store. Lower: less can be looked up. Higher: more of the store is spent on it.",
    "followersMax": "Operators that follow events at one time."
  },
  "BalancerOptions": {
    "unevenRatio": "Nodes are uneven where the busiest has more than this times the mean. Lower: more moves for less gain. Higher: one node is slow while others have room.",
    "unevenMs": "… and for so long. Lower: bursts move shards. Higher: a lasting load is spread later.",
    "calmMs": "After a join or a death loads are let settle first. Lower: what has just been placed is moved again. Higher: a joiner helps later.",
    "idleTurns": "Of a core: a busiest node below this is not worth moving anything for. Lower: noise is balanced. Higher: small clusters stay uneven.",
    "planMax": "Shards in one plan. Lower: several plans, each after `unevenMs`. Higher: more moves on the word of one measurement."
  },
  "HeadroomOptions": {
    "aloneTarget": "Of one node alone. Lower: it refuses while it could still do more. Higher: its latency grows before anything is refused.",
    "raiseMs": "Above the target for so long: one level up. Lower: bursts refuse people. Higher: an overload is answered later.",
    "lowerMs": "Below the target by a tenth for so long: one level down. Lower: levels flutter. Higher: people wait though there is room.",
    "roomShare": "Of the target: below this share of it there is room again. Closer to 1: levels flutter. Lower: they stay longer.",
    "admitPerSecond": "Sessions that begin per second in the whole cluster while they queue, at first. Lower: everybody waits longer. Higher: the load grows on.",
    "admitMin": "The least and the most that this becomes: it is halved while the load is above the target, and grows while it is below.",
    "admitMax": "The least and the most that this becomes: it is halved while the load is above the target, and grows while it is below."
  },
  "GatewayOptions": {
    "messagesPerSecond": "Messages a player may send per second, on average. Lower: less load from hostile clients. Higher: lively clients are not cut off. Existing Tachyon servers allow 10, and clients are written for it.",
    "messagesBurst": "Messages that may come at once. Lower: clients that restore their view after a reconnect are cut off. Higher: a flood lasts longer.",
    "requestsInFlightMax": "Requests of one session under way at once; beyond it they are refused. Lower: memory. Higher: clients may pipeline during a failover.",
    "requestTimeoutMs": "Longest that one request may take. Lower: clients hear of trouble sooner. Higher: slow commands end well. Above the router's hold (3 s), so that a change of owner is not what ends it.",
    "heldEventsMax": "Events of one session that wait for a reply that must come before them (K16). Above a whole inbox (200) replayed at once.",
    "sendBufferBytesMax": "Bytes that may wait in one client's socket. Lower: slow phones are cut off. Higher: a stuck client claims more memory.",
    "pingMinMs": "Pings are spread evenly over this range. Clients count a server as dead after 30 s of silence and expect a ping every 10 s.",
    "pingMaxMs": "Pings are spread evenly over this range. Clients count a server as dead after 30 s of silence and expect a ping every 10 s.",
    "idleMs": "Silence of a client after which its connection is closed. Lower: phones in tunnels are cut off. Higher: dead sockets hold sessions longer.",
    "sweepMs": "How often pings, silences and counters are looked at. Lower: more exact. Higher: less work.",
    "attachRetryMinMs": "Wait before the first new attempt to attach after one failed; doubles up to the maximum, with jitter. Lower: sessions are back sooner. Higher: a new owner is not stormed.",
    "attachRetryMaxMs": "Wait before the first new attempt to attach after one failed; doubles up to the maximum, with jitter. Lower: sessions are back sooner. Higher: a new owner is not stormed.",
    "detachAttemptsMax": "Attempts to tell a player's actor that its client is gone, one per second. Lower: after a long outage some sessions end only with their gateway. Higher: more is remembered of clients that left.",
    "departuresMax": "Players of whom a failed detach is remembered.",
    "sessionsMax": "Sessions of this process. Lower: refuses clients it could serve. Higher: about 30 KiB each must fit.",
    "traceRatio": "Part of the commands that are traced, 0…1. Lower: cheaper. Higher: more is seen.",
    "moveOnSpreadMs": "A gateway that stops asks its clients to move on one after the other, spread evenly over this time. Lower: over sooner. Higher: the gateways that they come to are not stormed.",
    "moveOnWithinMs": "A client that was asked may take so long to go by itself. Lower: slow clients lose requests under way to the close. Higher: one that does not listen holds up the stop.",
    "answerMs": "A connection that is to be closed waits so long for the answers to what it took. Above the router's hold (3 s): a change of owner is no reason to leave a request without an answer.",
    "loginQueueMax": "Clients that may wait for a session while the cluster has no room. Lower: more are sent away. Higher: an open socket each, about 30 KiB.",
    "loginQueueTickMs": "Those that wait are looked at this often. Lower: they begin more evenly. Higher: less work.",
    "loginCatchUpPerSecond": "Of those that wait, so many begin per second once there is room again. Lower: they wait longer. Higher: what made room is undone in one rush.",
    "stopMs": "Longest that an orderly stop waits for the actors to hear that the clients are gone."
  },
  "GatewayServerOptions": {
    "frameBytesMax": "Largest WebSocket message in bytes. Lower: less memory a hostile client can claim. Higher: bigger lobby options fit. Other game servers allow 4 KiB.",
    "fragmentsMax": "Pieces of one message, and pieces that may wait to be put together: a byte per piece costs far more than its byte.",
    "bufferedChunksMax": "Pieces of one message, and pieces that may wait to be put together: a byte per piece costs far more than its byte.",
    "headersTimeoutMs": "From a connection's first byte to the end of its headers. Lower: a slow-loris is gone sooner. Higher: bad networks get through.",
    "requestTimeoutMs": "The same to the end of the request.",
    "timeoutCheckMs": "How often both are looked at.",
    "keepAliveMs": "An idle HTTP connection is kept this long.",
    "upgradeTimeoutMs": "From a request for a WebSocket to its answer: storage and issuers are asked in between.",
    "closeTimeoutMs": "After a close frame was sent, the socket is cut. Lower: a client that does not listen is gone sooner. Higher: slow clients read the reason.",
    "bodyBytesMax": "Largest body of an HTTP request.",
    "connectionsMax": "WebSockets, and sockets of any kind, of this process.",
    "connectionsPerAddressMax": "Of one address. Generous: whole schools and tournaments share one, and a load test comes from 127.0.0.1.",
    "loginsMax": "Sign-ins of one account by WebSocket within the window. Existing Tachyon servers allow 3 in 10 s.",
    "loginsWindowMs": "Sign-ins of one account by WebSocket within the window. Existing Tachyon servers allow 3 in 10 s.",
    "accountRequestsMax": "HTTP requests of one account within the window; beyond it, the account is blocked.",
    "accountWindowMs": "HTTP requests of one account within the window; beyond it, the account is blocked.",
    "accountBlockMs": "HTTP requests of one account within the window; beyond it, the account is blocked.",
    "addressRequestsMax": "The same for an address: a thousand people behind one sign in (three requests each) within a minute.",
    "addressWindowMs": "The same for an address: a thousand people behind one sign in (three requests each) within a minute.",
    "addressBlockMs": "How long a blocked address is answered with 429.",
    "addressRefusalsMax": "So many answers with 429 later, its connections are cut without an answer until the block is over.",
    "countedMax": "Accounts and addresses that are counted at a time. Beyond it, the one seen longest ago is forgotten.",
    "proxies": "Proxies in front of us that add to X-Forwarded-For. 0: the header is not believed."
  },
  "EmbeddedIssuerOptions": {
    "issuer": "`iss` of its tokens. The same at every gateway of the cluster, or they refuse each other's tokens; not the address clients see.",
    "audience": "`aud` of its tokens.",
    "signIn": "`dev`: whoever asks is signed in as whom they say they are, without a password. `off`: nobody; bots still are. Never `dev` in production.",
    "clientId": "The public client that lobbies sign in as.",
    "redirectUris": "Where it may be redirected to. Loopback hosts are equal and their port is free (RFC 8252).",
    "codeLifetimeMs": "From sign-in to exchange. Lower: less time for a thief. Higher: slow devices get in.",
    "accessLifetimeMs": "Of an access token. Lower: a ban works sooner. Higher: fewer refreshes; clients renew at half of it.",
    "refreshLifetimeMs": "Of a refresh token, from its last use. Lower: people sign in again after a holiday. Higher: a forgotten device stays signed in.",
    "sweepMs": "How often expired codes and refresh tokens are removed from storage."
  },
  "ExternalIssuerOptions": {
    "issuer": "Exactly what its tokens say in `iss`.",
    "jwksUrl": "Exactly what its tokens say in `iss`.",
    "audience": "Exactly what its tokens say in `iss`.",
    "algorithms": "Signature algorithms that are accepted, asymmetric ones only.",
    "accountClaim": "Claim that names the account here: it must be unique and never change hands, as `sub` is.",
    "accountPrefix": "Put before the claim to make the account's name, so that nobody signs in as somebody whom another issuer vouches for.",
    "roleClaim": "Claim that is `bot` in the tokens of machines.",
    "nameClaim": "Claim with the name that others see; the account's name where it is missing.",
    "createAccounts": "Creates an account at the first sign-in. Otherwise only accounts that exist get in.",
    "maxTokenAgeMs": "Oldest token that is taken, whatever it says itself.",
    "keyCooldownMs": "Least time between two fetches of its keys. Lower: a new key works sooner. Higher: unknown key ids cost it less.",
    "keyMaxAgeMs": "Keys are fetched again after this long.",
    "keyTimeoutMs": "Keys are fetched again after this long."
  },
  "OAuthOptions": {
    "publicUrl": "Scheme, host and port that clients are configured with. Absent: as the client addressed us, on loopback only; else where we listen.",
    "clockToleranceMs": "How far another machine's clock may be off.",
    "tokenLengthMax": "Longest token that is looked at.",
    "embedded": "Longest token that is looked at.",
    "external": "Longest token that is looked at."
  },
  "AutohostOptions": {
    "replayWindowMs": "How long an autohost keeps updates for a server that is away; it is gone for good, with its battles, after that. Lower: battles are given up that could still be followed. Higher: it refuses to replay from so long ago. Existing autohosts keep 600 s.",
    "replayMarginMs": "Safety margin within that window: clocks differ. Lower: a slow clock makes the autohost refuse. Higher: less is replayed after a long silence.",
    "unconfirmedMs": "How long a connection that nobody is known to hold may prove itself, after it was made or after this actor moved, before it counts as lost. Lower: an autohost seems away while its gateway is slow. Higher: another connection of the same bot is kept out longer.",
    "orphanMs": "An autohost that says it runs no battle is believed after this time, and what it ran is over. Above `startMs`: a battle that is being started is not counted yet. Lower: a count that came late ends battles. Higher: players of a restarted autohost stay in dead battles.",
    "startMs": "Longest that it may take to start an engine. Lower: slow machines are given up. Higher: players wait longer for the next host.",
    "commandMs": "Longest that any other request may take, a reconnect included.",
    "aheadMaxMs": "An update that claims to be so much later than now is a lie: believed, it would hide all that follow. Lower: autohosts whose clocks are wrong lose their updates. Higher: one wrong time hides more.",
    "newsQueuedMax": "Updates of one battle that wait for its match. Lower: the autohost is slowed down sooner. Higher: more replicated state.",
    "battlesMax": "Battles of one autohost that are followed. Lower: big machines are not used up. Higher: more state in one actor.",
    "requestsMax": "Requests of ours that one autohost may owe answers to.",
    "lostKept": "Battles that were given up and are to be killed should they show up.",
    "reportMs": "How often an autohost reports its load to the index, beside every change. Lower: an index that was lost is rebuilt sooner. Higher: less traffic.",
    "reportKeepMs": "Age of a report above which the index forgets the autohost. A few times `reportMs`.",
    "poolMax": "Autohosts in one region's index.",
    "passivateAfterMs": "Idle time after which the actor leaves memory."
  },
  "ChatOptions": {
    "messagesMax": "Messages kept per chat for members that reconnect. Lower: less state to replicate. Higher: more is there after a long absence. Lobby clients expect 200.",
    "waitingMax": "Messages of players who are not members yet, as far as the chat knows. Lower: while a whole crowd joins, some who speak at once are refused. Higher: each is up to 2 KiB of state.",
    "waitForMemberMs": "How long such a message waits for the word that its author is in the place. Lower: a change of owner in between loses it. Higher: what a kicked player still says waits as long. A change of owner takes up to 3 s.",
    "passivateAfterMs": "Idle time after which the actor leaves memory. Lower: less memory for quiet chats. Higher: fewer of them are read again."
  },
  "PlayerOptions": {
    "graceMs": "How long a session waits for its player after a connection was lost. Lower: queues and parties are freed sooner, but a router restart throws people out. Higher: ghosts stay in parties longer. Clients come back within 10 s and their own liveness check takes up to 30 s.",
    "inboxMessagesMax": "Messages kept per session for clients that reconnect. Lower: less state per player to replicate. Higher: more is there after a long absence. Lobby clients expect 200.",
    "watchedMax": "Users whose changes one session follows. Lower: less fan-out. Higher: bigger friend lists; the published schema says 100.",
    "checksMax": "`user/subscribeUpdates` requests of one session whose users are being looked up at the same time. Lower: a client that asks in bursts is refused. Higher: each holds up to 100 look-ups in the actor's outbox.",
    "checkTimeoutMs": "How long such a look-up may take. Lower: users on a node that is being replaced look unknown for now. Higher: the client's own deadline comes first. A change of owner takes up to 3 s.",
    "listenersMax": "Processes of which the actor remembers that they listen to `self`: the gateways of its newest connections. Lower: after many take-overs at once the newest connection may have to prove itself by a command. Higher: more state per player.",
    "passivateAfterMs": "Idle time after which the actor leaves memory. Lower: less memory for players who are offline but looked at. Higher: fewer reads of accounts."
  },
  "RuntimeOptions": {
    "mailboxMax": "Commands that may wait for one actor. Lower: a slow actor pushes back sooner. Higher: bursts are smoothed, at more memory and staler replies.",
    "systemLaneMax": "Answers, due timers and lost subscribers that may wait for one actor: they are owed, so there is more room than for commands.",
    "drainMessagesMax": "Commands handled before others get their turn. Lower: fairer. Higher: fewer turns of the event loop per command.",
    "drainMs": "Time after which a drain gives way to others. Lower: fairer, steadier beats. Higher: less overhead per command.",
    "slowTurnMs": "A turn longer than this is counted and logged. Lower: noise from garbage collection. Higher: stalls that delay heartbeats go unseen.",
    "passivateAfterMs": "Idle time after which an actor leaves memory, where its kind does not say. Lower: less memory, more restoring. Higher: the reverse.",
    "wheelTickMs": "Resolution of the timer wheel. Lower: timers fire closer to their time. Higher: fewer wake-ups. Never early either way.",
    "wheelSlots": "Slots of the wheel; timers beyond one revolution cost a look per revolution.",
    "repliesMax": "Replies kept per client session for repeated requests (K11). Lower: less memory. Higher: more pipelined requests survive a lost link.",
    "repliesBytesMax": "Their size together (K11), by estimate; the newest is kept whatever its size.",
    "replyKeepMs": "How long they are kept (K11). Must exceed what a gateway holds a command for, else its repeat comes too late.",
    "sessionsMax": "Sessions one actor remembers. Above it the least recently heard of is forgotten, and a late repeat of its last request would run again.",
    "sendersMax": "Senders (entities) one actor remembers the last command of. Above it as with sessions.",
    "rememberMs": "How long a silent session or sender is remembered. Lower: less memory. Higher: a sender cut off for longer is still not obeyed twice.",
    "outboxMax": "Unanswered sends of one actor; a turn that would exceed it fails. Bounds what an unreachable receiver costs.",
    "resendFirstMs": "First wait before a send is repeated; doubles up to the next. Lower: faster recovery from a lost message. Higher: fewer duplicates.",
    "resendMaxMs": "Longest wait before a send is repeated. Lower: faster when a receiver returns. Higher: less load while it is away.",
    "timersMax": "Timers of one actor; a turn that would exceed it fails.",
    "deferredMax": "Senders of one actor that may wait for deferred replies; a turn that would exceed it is answered MAILBOX_FULL.",
    "recentMax": "Publications kept per actor for subscribers that return. Lower: less memory. Higher: fewer snapshots after short breaks.",
    "recentCharsMax": "Their size together, in characters of JSON.",
    "recentKeepMs": "How long they are kept after the last subscriber went. Must exceed a link's re-dial, else every break costs snapshots.",
    "subscriptionsMax": "Subscriptions to one actor: processes times topics.",
    "awakenAtOnceMax": "Actors of adopted shards, of all together, that are woken in one turn of the loop, of which there is one per wheel tick. Lower: commands are answered sooner after a fail-over, and no beat is late. Higher: timers and sends go on sooner.",
    "adoptedPatienceMs": "How long actors of an adopted shard that want to hear of it may be woken by others first. Lower: a burst of work while everybody comes back. Higher: who lost their listeners together with their process notice it later.",
    "loadsMax": "Actors being loaded at a time; others wait. Lower: gentler on the database after a failure. Higher: faster warm-up.",
    "loadMs": "A load that takes longer fails its activation (retryable). Must exceed the database's own time-out to see its error.",
    "servicesAtOnceMax": "Commands of services that run at a time in one process. Lower: gentler on the database. Higher: fewer wait while it is slow; more than its connections only wait there instead of here.",
    "serviceWaitingMax": "Those that wait for that. Above it they are refused (retryable), so actors repeat their sends. Lower: less memory. Higher: bursts are smoothed.",
    "serviceMs": "How long one may take; then its sender asks again. Must exceed the database's own time-out to see its error.",
    "restartsMax": "Times an actor may be dropped for a broken state within the window before it is put in quarantine.",
    "restartWindowMs": "Window of the restart budget.",
    "quarantineMs": "How long an actor in quarantine refuses commands (retryable) before it is tried again."
  },
  "ProcessOptions": {
    "id": "Name of this process in the cluster store; a restart keeps the id and gets another incarnation. Empty: the role and a free number of this machine.",
    "listen": "Address where other processes of the cluster reach this one, `host:port`. Port 0 takes a free one.",
    "advertise": "Address that others are told to reach this process at, `host:port`, where it is not the one it listens on: behind a mapped port or a proxy. Empty: where it listens.",
    "data": "Folder for what this process keeps on disk (embedded storage). Relative to the working directory.",
    "zone": "Failure domain, for placement and for people.",
    "drainMs": "How long a process that was asked to end may take to hand off what it has. Lower: a stop is over sooner, and what was not handed off is found again from backups and storage, with a pause. Higher: slow networks and large states get through; whoever ends us must wait as long.",
    "stuckMs": "A process whose main loop has not turned for so long ends itself, so that its place is taken at once. Lower: players of a hung process wait less. Higher: a long computation is not taken for a hang. 0: never; for debuggers. In one process with everything (`muster dev`) nobody looks: nobody would start it again, and its database works in the main loop."
  },
  "ClusterNameOptions": {
    "name": "Name of the cluster: the first part of every key in the cluster store. Two clusters may share one etcd under two names; under one name the second is refused, by the identity of its storage."
  },
  "EtcdOptions": {
    "hosts": "URLs of etcd's client ports."
  },
  "StorageOptions": {
    "url": "Where accounts live: `postgres://user:password@host/database`, `pglite:<folder>`, or `pglite:` for a folder below `process.data`."
  },
  "AdminOptions": {
    "listen": "Where `/livez`, `/readyz` and `/metrics` are served, `host:port`. Empty: nowhere.",
    "checkTimeoutMs": "A `/readyz` check that takes longer than this counts as failed. Lower: a busy store looks away. Higher: a load balancer waits longer."
  },
  "TelemetryOptions": {
    "logLevel": "Least level that is logged: debug, info, warn or error.",
    "otlpEndpoint": "URL that OpenTelemetry traces are sent to (OTLP over HTTP), for example `http://127.0.0.1:4318/v1/traces`. Empty: nowhere.",
    "spansQueuedMax": "Traces that wait to be sent; past it new ones are dropped and counted. Lower: less memory. Higher: a slow collector loses less."
  },
  "HttpOptions": {
    "listen": "Where a gateway serves clients, `host:port`. Port 0 takes a free one."
  },
  "TokenOptions": {
    "publicUrl": "Scheme, host and port that clients are configured with. Empty: as the client addressed us, on loopback only; else where we listen.",
    "clockToleranceMs": "How far another machine's clock may be off. Lower: stricter. Higher: a token works a little longer than it says.",
    "tokenLengthMax": "Longest token that is looked at, in characters."
  },
  "TlsOptions": {
    "caFile": "File with the certificate authority that signs every process of the cluster, PEM.",
    "certFile": "File with this process's certificate, PEM.",
    "keyFile": "File with its private key, PEM."
  },
  "WorldOptions": {
    "latencyMs": "Shortest way of a frame between two processes; drawn once per pair from [1, 3] times this.",
    "jitterMs": "Mean of what comes on top, exponentially distributed. Higher: more interleavings between connections.",
    "storeLatencyMs": "Way to the store, and to the database.",
    "clientLatencyMs": "Way between a client and its gateway. Much longer than inside: clients are far away.",
    "driftShare": "Most that a process's clock runs fast or slow, as a share. Real crystals: 0.0001. Higher: finds time-outs without margin.",
    "windowBytes": "Bytes of one connection under way before `send` asks to wait, as HTTP/2's window.",
    "dialTimeoutMs": "A dial without an answer is `unreachable` after this, as with gRPC.",
    "keepAliveMinMs": "A connection whose other side is silent breaks between these two, as gRPC's keep-alive does (5 s and 2 s).",
    "keepAliveMaxMs": "A connection whose other side is silent breaks between these two, as gRPC's keep-alive does (5 s and 2 s).",
    "retransmitMs": "A way that was cut carries again this long after it is healed at the most: retransmission.",
    "superviseMs": "A process that stopped because it was replaced is started again after this, as a supervisor does.",
    "healMs": "Longest that the cluster may take, after the last fault, until everything is as desired. Above calmMs of the take-over and the re-registration after a lost lease.",
    "traceLinesMax": "Lines of the event log that are kept."
  },
  "DatabaseOptions": {
    "callDeadlineMs": "Longest a call may take, its wait for a connection included; then STORAGE_UNAVAILABLE. Lower: a sign-in fails early while Postgres merely switches its primary. Higher: gateways keep more half-done sign-ins while it is away.",
    "callsMax": "Calls under way at once, waiting ones included; the next is refused. Lower: a login storm is turned away sooner. Higher: more memory and longer waits, which the deadline ends anyhow.",
    "connectionsMax": "Connections to Postgres per process. Lower: calls queue. Higher: ten gateways come close to the 100 a stock server allows.",
    "idleConnectionMs": "Unused connections are closed after this. Lower: the next call dials again (~5 ms). Higher: the server keeps idle back ends (~10 MB each).",
    "migrateDeadlineMs": "Longest for all migrations, the wait for another process that runs them included. Too low: a large table's new index never gets built.",
    "closeDeadlineMs": "Longest wait for calls under way when closing. Lower: they are cut off. Higher: a stop beside a hung server takes as long.",
    "sweepBatchRows": "Rows removed by one statement of a sweep. Lower: more round trips. Higher: one statement may outlast the deadline.",
    "secretCost": "scrypt's N for bot secrets: a power of two; memory is N × 1 KiB and time grows with it (16,384: 16 MiB, ~50 ms). Lower: a stolen table is guessed faster. Higher: each bot's sign-in costs more. Kept with each hash, so it may change.",
    "secretChecksMax": "Secrets checked at once; the next is refused. Lower: many bots that start together wait. Higher: strangers can keep more cores busy."
  },
  "EtcdStoreOptions": {
    "requestTimeoutMs": "How long a call may take, all members tried. Lower: a hanging etcd is noticed sooner; higher: fewer unknown outcomes while etcd elects a leader (0.7–1.3 s).",
    "renewTimeoutMs": "The same for renewing a lease. Lower than the interval of its holder, so that renewals never pile up.",
    "watchRetryMinMs": "First pause before a broken watch is made again. Lower: hints come back sooner; higher: gentler on an etcd that is just starting.",
    "watchRetryMaxMs": "Longest pause. Lower: a returned etcd is used sooner; higher: fewer attempts at one that stays away.",
    "reconnectMinMs": "First pause of a connection that could not be made. As for watches.",
    "reconnectMaxMs": "Longest pause of a connection. Calls themselves never wait for it: they dial anew.",
    "keepAliveMs": "Silence on a connection with a watch before it is probed. Lower: a dead one is found sooner, but etcd refuses less than 5 s; higher: hints are missing for longer.",
    "keepAliveTimeoutMs": "How long the probe waits. Lower: sooner; higher: survives a busy etcd.",
    "maxAnswerBytes": "Largest answer. Higher: more entries under one prefix, for more memory at once; lower: a runaway prefix is refused sooner."
  },
  "MemoryStoreOptions": {
    "requestTimeoutMs": "How long a call waits for its answer. Lower: a stalled store is noticed sooner; higher: fewer unknown outcomes in a short stall. As with etcd.",
    "renewTimeoutMs": "The same for a renewal, which has to fit between two of its kind. As with etcd.",
    "historyRevisions": "Changes kept for watches that start in the past. Lower: less memory, more gaps called `compacted`; higher: the opposite.",
    "maxEntries": "Keys. A cluster has one per process, page, override and audit entry; beyond this something writes without end.",
    "maxLeases": "Leases. One per process; beyond this something grants without end.",
    "maxStalledMessages": "Messages that wait in one stalled path; the rest is lost. Higher: longer stalls are told in full, for more memory."
  },
  "ShardStoreOptions": {
    "batchRecordsMax": "Records of one group commit. Lower: more commits. Higher: one may outlast its deadline.",
    "batchCharsMax": "Characters of one call's texts. Lower: more calls. Higher: more memory, here and in the database, and a longer call.",
    "textCharsMax": "Characters of one record or snapshot. Lower: large actors cannot be stored. Higher: one actor can fill a call. At most `batchCharsMax`.",
    "pageRowsMax": "Rows (snapshots and records) of one page of a load. Lower: more round trips. Higher: more memory.",
    "pageBytesMax": "Bytes of one page, unless a single entity is larger. Lower: more round trips. Higher: more memory.",
    "entityRowsMax": "Rows of one entity, read at once where it does not fit on a page; beyond this it counts as damaged. Lower: fewer actors can be read whose snapshots were put off for long. Higher: more memory.",
    "entityBytesMax": "The same in bytes."
  },
  "TachyonOptions": {
    "frameLengthMax": "Longest text frame that is read, in UTF-16 units (never more than its bytes). Lower: less memory a hostile client can claim per message, but big lobby options no longer fit. Higher: one frame costs more parsing before anything is known of it. The largest real frame seen is under 20 KiB.",
    "depthMax": "Deepest nesting of a frame, checked before it is parsed. Lower: commands to come may not fit. Higher: recursive code behind the parser (validators, printers) goes deeper. The deepest command has 9 levels.",
    "messageIdLengthMax": "Longest messageId. It is kept while a request runs and copied into the response. Clients send UUIDs (36).",
    "commandIdLengthMax": "Longest commandId; it is copied into the `command_unimplemented` answer. The longest that exists has 30 characters.",
    "detailsLengthMax": "Longest `details` of a failure. Lower: paths of invalid fields are cut. Higher: a wrong request costs more to refuse than to send."
  },
  "LinkOptions": {
    "frameBytes": "A frame leaves at the latest when it holds this much; what is sent in one turn of the loop shares frames below it. Lower: more frames, each with its price. Higher: a beat behind a full frame waits longer.",
    "envelopeBytesMax": "Largest envelope that is taken. Lower: big tables and snapshots must be cut up. Higher: one of them holds up a beat for longer. With a frame's worth before it, it must fit into what the network takes (4 MiB).",
    "creditMessages": "Messages of the replication or data lane that may be under way and unconsumed (K15). Lower: the sender pauses more often. Higher: more memory per link behind a slow handler.",
    "creditBytes": "The same in bytes; the envelope that crosses the line still goes, so a receiver holds at most this plus one envelope.",
    "grantShare": "Credit is given back once this share of it was consumed, or with any frame that leaves anyway. Lower: more frames that carry only credit. Higher: a sender at full speed stops for a round trip.",
    "queueMessages": "Messages per lane that wait for credit or for the network; past it a send is refused as 'full'. Lower: callers must hold back sooner. Higher: more memory, and older messages when a peer wakes up.",
    "queueBytes": "The same in bytes."
  },
  "GrpcOptions": {
    "keepAliveMs": "A silent connection is asked for a sign of life this often. Lower: more idle traffic. Higher: a dead host is noticed later.",
    "keepAliveTimeoutMs": "How long it has to answer. Lower: a long garbage collection ends the link. Higher: a dead host is noticed later.",
    "dialTimeoutMs": "A dial that got no answer in this time is `unreachable`. On the same host a refusal takes milliseconds.",
    "dialAttempts": "Dials that are made for one when the other side takes the connection and resets it before it is open. 1: a process that is just dying looks unreachable instead of refused. Higher: a broken listener is asked more often.",
    "closeTimeoutMs": "How long a closing connection waits for what is under way and for the other side to say goodbye.",
    "frameBytesMax": "Largest frame taken or sent.",
    "windowBytes": "Bytes under way without acknowledgement, per connection: HTTP/2's window. Lower: a long line is not filled. Higher: more memory behind a process that does not read."
  }
};

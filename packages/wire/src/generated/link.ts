// Generated from proto/muster/v1/link.proto by scripts/generate.mjs. Do not edit.
import { noBytes, type Reader, readString, readUint53, uint32, wrongField, wrongLength, type Writer, writeUint53 } from '../protobuf.js';

/** One gRPC message. Envelopes are in sending order within their lane; lanes are independent of each other (K15). */
export interface Frame {
  /** beats, table, admin: always read, never waits for credit */
  readonly control: readonly Envelope[];
  /** logs and hand-off */
  readonly replication: readonly Envelope[];
  /** commands, replies, events */
  readonly data: readonly Envelope[];
  /** room given to the other side */
  readonly credits: readonly Credit[];
}
export interface FrameInit {
  /** beats, table, admin: always read, never waits for credit */
  readonly control?: readonly EnvelopeInit[] | undefined;
  /** logs and hand-off */
  readonly replication?: readonly EnvelopeInit[] | undefined;
  /** commands, replies, events */
  readonly data?: readonly EnvelopeInit[] | undefined;
  /** room given to the other side */
  readonly credits?: readonly CreditInit[] | undefined;
}

export function writeFrame(w: Writer, m: FrameInit): void {
  if (m.control) for (const each of m.control) { w.uint32(10).fork(); writeEnvelope(w, each); w.ldelim(); }
  if (m.replication) for (const each of m.replication) { w.uint32(18).fork(); writeEnvelope(w, each); w.ldelim(); }
  if (m.data) for (const each of m.data) { w.uint32(26).fork(); writeEnvelope(w, each); w.ldelim(); }
  if (m.credits) for (const each of m.credits) { w.uint32(34).fork(); writeCredit(w, each); w.ldelim(); }
}

export function readFrame(r: Reader, end: number): Frame {
  if (end > r.len) throw wrongLength('Frame');
  const control_: Envelope[] = [];
  const replication_: Envelope[] = [];
  const data_: Envelope[] = [];
  const credits_: Credit[] = [];
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 10: control_.push(readEnvelope(r, r.size() + r.pos)); break;
      case 18: replication_.push(readEnvelope(r, r.size() + r.pos)); break;
      case 26: data_.push(readEnvelope(r, r.size() + r.pos)); break;
      case 34: credits_.push(readCredit(r, r.size() + r.pos)); break;
      default: throw wrongField('Frame', tag);
    }
  }
  if (r.pos !== end) throw wrongLength('Frame');
  return { control: control_, replication: replication_, data: data_, credits: credits_ };
}

/** The receiver has taken this much from a lane: the sender may send that much more. */
export interface Credit {
  /** 2 replication, 3 data */
  readonly lane: number;
  readonly messages: number;
  readonly bytes: number;
}
export interface CreditInit {
  /** 2 replication, 3 data */
  readonly lane?: number | undefined;
  readonly messages?: number | undefined;
  readonly bytes?: number | undefined;
}

export function writeCredit(w: Writer, m: CreditInit): void {
  if (m.lane) { w.uint32(8); w.uint32(uint32(m.lane)); }
  if (m.messages) { w.uint32(16); w.uint32(uint32(m.messages)); }
  if (m.bytes) { w.uint32(24); w.uint32(uint32(m.bytes)); }
}

export function readCredit(r: Reader, end: number): Credit {
  if (end > r.len) throw wrongLength('Credit');
  let lane_: number = 0;
  let messages_: number = 0;
  let bytes_: number = 0;
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 8: lane_ = r.uint32(); break;
      case 16: messages_ = r.uint32(); break;
      case 24: bytes_ = r.uint32(); break;
      default: throw wrongField('Credit', tag);
    }
  }
  if (r.pos !== end) throw wrongLength('Credit');
  return { lane: lane_, messages: messages_, bytes: bytes_ };
}

interface EnvelopeHead {
  /** where the body is about one shard */
  readonly shard: number;
  /** of that shard, as the sender knows it: a hint on a command, a fence on an effect */
  readonly term: number;
  /** of the coordinator that says so, on control messages */
  readonly epoch: number;
  /** W3C traceparent, or empty */
  readonly trace: string;
}
interface EnvelopeHeadInit {
  /** where the body is about one shard */
  readonly shard?: number | undefined;
  /** of that shard, as the sender knows it: a hint on a command, a fence on an effect */
  readonly term?: number | undefined;
  /** of the coordinator that says so, on control messages */
  readonly epoch?: number | undefined;
  /** W3C traceparent, or empty */
  readonly trace?: string | undefined;
}
export interface EnvelopeBodies {
  readonly hello: Hello;
  readonly goodbye: Goodbye;
  readonly command: Command;
  readonly reply: Reply;
  readonly subscribe: Subscribe;
  readonly unsubscribe: Unsubscribe;
  readonly event: Event;
  readonly subscribeAck: SubscribeAck;
  readonly append: Append;
  readonly appended: Appended;
  readonly snapshot: Snapshot;
  readonly leaseAsk: LeaseAsk;
  readonly lease: Lease;
  readonly handover: Handover;
  readonly handoverTaken: HandoverTaken;
  readonly dismissed: Dismissed;
  readonly heartbeat: Heartbeat;
  readonly heartbeatAck: HeartbeatAck;
  readonly table: Table;
  readonly replaced: Replaced;
  readonly retire: Retire;
  readonly placed: Placed;
  readonly beat: Beat;
  readonly beatAck: BeatAck;
  readonly probe: Probe;
  readonly probeResult: ProbeResult;
  readonly resign: Resign;
  readonly release: Release;
  readonly released: Released;
  readonly seal: Seal;
  readonly sealed: Sealed;
  readonly carve: Carve;
  readonly carved: Carved;
  readonly adminRequest: AdminRequest;
  readonly adminResponse: AdminResponse;
  readonly adminEvent: AdminEvent;
  readonly inspect: Inspect;
  readonly inspected: Inspected;
}
export type Envelope = {
  readonly [T in keyof EnvelopeBodies]: EnvelopeHead & { readonly type: T; readonly body: EnvelopeBodies[T] };
}[keyof EnvelopeBodies];
export interface EnvelopeBodiesInit {
  readonly hello: HelloInit;
  readonly goodbye: GoodbyeInit;
  readonly command: CommandInit;
  readonly reply: ReplyInit;
  readonly subscribe: SubscribeInit;
  readonly unsubscribe: UnsubscribeInit;
  readonly event: EventInit;
  readonly subscribeAck: SubscribeAckInit;
  readonly append: AppendInit;
  readonly appended: AppendedInit;
  readonly snapshot: SnapshotInit;
  readonly leaseAsk: LeaseAskInit;
  readonly lease: LeaseInit;
  readonly handover: HandoverInit;
  readonly handoverTaken: HandoverTakenInit;
  readonly dismissed: DismissedInit;
  readonly heartbeat: HeartbeatInit;
  readonly heartbeatAck: HeartbeatAckInit;
  readonly table: TableInit;
  readonly replaced: ReplacedInit;
  readonly retire: RetireInit;
  readonly placed: PlacedInit;
  readonly beat: BeatInit;
  readonly beatAck: BeatAckInit;
  readonly probe: ProbeInit;
  readonly probeResult: ProbeResultInit;
  readonly resign: ResignInit;
  readonly release: ReleaseInit;
  readonly released: ReleasedInit;
  readonly seal: SealInit;
  readonly sealed: SealedInit;
  readonly carve: CarveInit;
  readonly carved: CarvedInit;
  readonly adminRequest: AdminRequestInit;
  readonly adminResponse: AdminResponseInit;
  readonly adminEvent: AdminEventInit;
  readonly inspect: InspectInit;
  readonly inspected: InspectedInit;
}
export type EnvelopeInit = {
  readonly [T in keyof EnvelopeBodiesInit]: EnvelopeHeadInit & { readonly type: T; readonly body: EnvelopeBodiesInit[T] };
}[keyof EnvelopeBodiesInit];

export function writeEnvelope(w: Writer, m: EnvelopeInit): void {
  if (m.shard) { w.uint32(8); w.uint32(uint32(m.shard)); }
  if (m.term) { w.uint32(16); writeUint53(w, m.term); }
  if (m.epoch) { w.uint32(24); writeUint53(w, m.epoch); }
  if (m.trace) { w.uint32(34); w.string(m.trace); }
  switch (m.type) {
    case 'hello': w.uint32(66).fork(); writeHello(w, m.body); w.ldelim(); break;
    case 'goodbye': w.uint32(74).fork(); writeGoodbye(w, m.body); w.ldelim(); break;
    case 'command': w.uint32(130).fork(); writeCommand(w, m.body); w.ldelim(); break;
    case 'reply': w.uint32(138).fork(); writeReply(w, m.body); w.ldelim(); break;
    case 'subscribe': w.uint32(146).fork(); writeSubscribe(w, m.body); w.ldelim(); break;
    case 'unsubscribe': w.uint32(154).fork(); writeUnsubscribe(w, m.body); w.ldelim(); break;
    case 'event': w.uint32(162).fork(); writeEvent(w, m.body); w.ldelim(); break;
    case 'subscribeAck': w.uint32(170).fork(); writeSubscribeAck(w, m.body); w.ldelim(); break;
    case 'append': w.uint32(194).fork(); writeAppend(w, m.body); w.ldelim(); break;
    case 'appended': w.uint32(202).fork(); writeAppended(w, m.body); w.ldelim(); break;
    case 'snapshot': w.uint32(210).fork(); writeSnapshot(w, m.body); w.ldelim(); break;
    case 'leaseAsk': w.uint32(218).fork(); writeLeaseAsk(w, m.body); w.ldelim(); break;
    case 'lease': w.uint32(226).fork(); writeLease(w, m.body); w.ldelim(); break;
    case 'handover': w.uint32(234).fork(); writeHandover(w, m.body); w.ldelim(); break;
    case 'handoverTaken': w.uint32(242).fork(); writeHandoverTaken(w, m.body); w.ldelim(); break;
    case 'dismissed': w.uint32(250).fork(); writeDismissed(w, m.body); w.ldelim(); break;
    case 'heartbeat': w.uint32(258).fork(); writeHeartbeat(w, m.body); w.ldelim(); break;
    case 'heartbeatAck': w.uint32(266).fork(); writeHeartbeatAck(w, m.body); w.ldelim(); break;
    case 'table': w.uint32(274).fork(); writeTable(w, m.body); w.ldelim(); break;
    case 'replaced': w.uint32(282).fork(); writeReplaced(w, m.body); w.ldelim(); break;
    case 'retire': w.uint32(290).fork(); writeRetire(w, m.body); w.ldelim(); break;
    case 'placed': w.uint32(298).fork(); writePlaced(w, m.body); w.ldelim(); break;
    case 'beat': w.uint32(322).fork(); writeBeat(w, m.body); w.ldelim(); break;
    case 'beatAck': w.uint32(330).fork(); writeBeatAck(w, m.body); w.ldelim(); break;
    case 'probe': w.uint32(338).fork(); writeProbe(w, m.body); w.ldelim(); break;
    case 'probeResult': w.uint32(346).fork(); writeProbeResult(w, m.body); w.ldelim(); break;
    case 'resign': w.uint32(354).fork(); writeResign(w, m.body); w.ldelim(); break;
    case 'release': w.uint32(386).fork(); writeRelease(w, m.body); w.ldelim(); break;
    case 'released': w.uint32(394).fork(); writeReleased(w, m.body); w.ldelim(); break;
    case 'seal': w.uint32(402).fork(); writeSeal(w, m.body); w.ldelim(); break;
    case 'sealed': w.uint32(410).fork(); writeSealed(w, m.body); w.ldelim(); break;
    case 'carve': w.uint32(418).fork(); writeCarve(w, m.body); w.ldelim(); break;
    case 'carved': w.uint32(426).fork(); writeCarved(w, m.body); w.ldelim(); break;
    case 'adminRequest': w.uint32(450).fork(); writeAdminRequest(w, m.body); w.ldelim(); break;
    case 'adminResponse': w.uint32(458).fork(); writeAdminResponse(w, m.body); w.ldelim(); break;
    case 'adminEvent': w.uint32(466).fork(); writeAdminEvent(w, m.body); w.ldelim(); break;
    case 'inspect': w.uint32(474).fork(); writeInspect(w, m.body); w.ldelim(); break;
    case 'inspected': w.uint32(482).fork(); writeInspected(w, m.body); w.ldelim(); break;
  }
}

export function readEnvelope(r: Reader, end: number): Envelope {
  if (end > r.len) throw wrongLength('Envelope');
  let shard_: number = 0;
  let term_: number = 0;
  let epoch_: number = 0;
  let trace_: string = '';
  let type: keyof EnvelopeBodies | undefined;
  let body: EnvelopeBodies[keyof EnvelopeBodies] | undefined;
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 8: shard_ = r.uint32(); break;
      case 16: term_ = readUint53(r); break;
      case 24: epoch_ = readUint53(r); break;
      case 34: trace_ = readString(r); break;
      case 66: if (type) throw wrongField('Envelope', tag); type = 'hello'; body = readHello(r, r.size() + r.pos); break;
      case 74: if (type) throw wrongField('Envelope', tag); type = 'goodbye'; body = readGoodbye(r, r.size() + r.pos); break;
      case 130: if (type) throw wrongField('Envelope', tag); type = 'command'; body = readCommand(r, r.size() + r.pos); break;
      case 138: if (type) throw wrongField('Envelope', tag); type = 'reply'; body = readReply(r, r.size() + r.pos); break;
      case 146: if (type) throw wrongField('Envelope', tag); type = 'subscribe'; body = readSubscribe(r, r.size() + r.pos); break;
      case 154: if (type) throw wrongField('Envelope', tag); type = 'unsubscribe'; body = readUnsubscribe(r, r.size() + r.pos); break;
      case 162: if (type) throw wrongField('Envelope', tag); type = 'event'; body = readEvent(r, r.size() + r.pos); break;
      case 170: if (type) throw wrongField('Envelope', tag); type = 'subscribeAck'; body = readSubscribeAck(r, r.size() + r.pos); break;
      case 194: if (type) throw wrongField('Envelope', tag); type = 'append'; body = readAppend(r, r.size() + r.pos); break;
      case 202: if (type) throw wrongField('Envelope', tag); type = 'appended'; body = readAppended(r, r.size() + r.pos); break;
      case 210: if (type) throw wrongField('Envelope', tag); type = 'snapshot'; body = readSnapshot(r, r.size() + r.pos); break;
      case 218: if (type) throw wrongField('Envelope', tag); type = 'leaseAsk'; body = readLeaseAsk(r, r.size() + r.pos); break;
      case 226: if (type) throw wrongField('Envelope', tag); type = 'lease'; body = readLease(r, r.size() + r.pos); break;
      case 234: if (type) throw wrongField('Envelope', tag); type = 'handover'; body = readHandover(r, r.size() + r.pos); break;
      case 242: if (type) throw wrongField('Envelope', tag); type = 'handoverTaken'; body = readHandoverTaken(r, r.size() + r.pos); break;
      case 250: if (type) throw wrongField('Envelope', tag); type = 'dismissed'; body = readDismissed(r, r.size() + r.pos); break;
      case 258: if (type) throw wrongField('Envelope', tag); type = 'heartbeat'; body = readHeartbeat(r, r.size() + r.pos); break;
      case 266: if (type) throw wrongField('Envelope', tag); type = 'heartbeatAck'; body = readHeartbeatAck(r, r.size() + r.pos); break;
      case 274: if (type) throw wrongField('Envelope', tag); type = 'table'; body = readTable(r, r.size() + r.pos); break;
      case 282: if (type) throw wrongField('Envelope', tag); type = 'replaced'; body = readReplaced(r, r.size() + r.pos); break;
      case 290: if (type) throw wrongField('Envelope', tag); type = 'retire'; body = readRetire(r, r.size() + r.pos); break;
      case 298: if (type) throw wrongField('Envelope', tag); type = 'placed'; body = readPlaced(r, r.size() + r.pos); break;
      case 322: if (type) throw wrongField('Envelope', tag); type = 'beat'; body = readBeat(r, r.size() + r.pos); break;
      case 330: if (type) throw wrongField('Envelope', tag); type = 'beatAck'; body = readBeatAck(r, r.size() + r.pos); break;
      case 338: if (type) throw wrongField('Envelope', tag); type = 'probe'; body = readProbe(r, r.size() + r.pos); break;
      case 346: if (type) throw wrongField('Envelope', tag); type = 'probeResult'; body = readProbeResult(r, r.size() + r.pos); break;
      case 354: if (type) throw wrongField('Envelope', tag); type = 'resign'; body = readResign(r, r.size() + r.pos); break;
      case 386: if (type) throw wrongField('Envelope', tag); type = 'release'; body = readRelease(r, r.size() + r.pos); break;
      case 394: if (type) throw wrongField('Envelope', tag); type = 'released'; body = readReleased(r, r.size() + r.pos); break;
      case 402: if (type) throw wrongField('Envelope', tag); type = 'seal'; body = readSeal(r, r.size() + r.pos); break;
      case 410: if (type) throw wrongField('Envelope', tag); type = 'sealed'; body = readSealed(r, r.size() + r.pos); break;
      case 418: if (type) throw wrongField('Envelope', tag); type = 'carve'; body = readCarve(r, r.size() + r.pos); break;
      case 426: if (type) throw wrongField('Envelope', tag); type = 'carved'; body = readCarved(r, r.size() + r.pos); break;
      case 450: if (type) throw wrongField('Envelope', tag); type = 'adminRequest'; body = readAdminRequest(r, r.size() + r.pos); break;
      case 458: if (type) throw wrongField('Envelope', tag); type = 'adminResponse'; body = readAdminResponse(r, r.size() + r.pos); break;
      case 466: if (type) throw wrongField('Envelope', tag); type = 'adminEvent'; body = readAdminEvent(r, r.size() + r.pos); break;
      case 474: if (type) throw wrongField('Envelope', tag); type = 'inspect'; body = readInspect(r, r.size() + r.pos); break;
      case 482: if (type) throw wrongField('Envelope', tag); type = 'inspected'; body = readInspected(r, r.size() + r.pos); break;
      default: throw wrongField('Envelope', tag);
    }
  }
  if (r.pos !== end) throw wrongLength('Envelope');
  if (type === undefined) throw wrongField('Envelope', 0);
  return { shard: shard_, term: term_, epoch: epoch_, trace: trace_, type, body } as Envelope;
}

/** First message of both sides. A peer of another cluster, shard count, hash or protocol is refused with Goodbye. */
export interface Hello {
  readonly cluster: string;
  /** coordinator | node | gateway | relay | cli */
  readonly role: string;
  /** id#incarnation */
  readonly peer: string;
  /** where the sender listens; empty where it does not */
  readonly address: string;
  readonly build: string;
  readonly protocol: number;
  readonly shards: number;
  readonly hash: string;
  readonly zone: string;
}
export interface HelloInit {
  readonly cluster?: string | undefined;
  /** coordinator | node | gateway | relay | cli */
  readonly role?: string | undefined;
  /** id#incarnation */
  readonly peer?: string | undefined;
  /** where the sender listens; empty where it does not */
  readonly address?: string | undefined;
  readonly build?: string | undefined;
  readonly protocol?: number | undefined;
  readonly shards?: number | undefined;
  readonly hash?: string | undefined;
  readonly zone?: string | undefined;
}

export function writeHello(w: Writer, m: HelloInit): void {
  if (m.cluster) { w.uint32(10); w.string(m.cluster); }
  if (m.role) { w.uint32(18); w.string(m.role); }
  if (m.peer) { w.uint32(26); w.string(m.peer); }
  if (m.address) { w.uint32(34); w.string(m.address); }
  if (m.build) { w.uint32(42); w.string(m.build); }
  if (m.protocol) { w.uint32(48); w.uint32(uint32(m.protocol)); }
  if (m.shards) { w.uint32(56); w.uint32(uint32(m.shards)); }
  if (m.hash) { w.uint32(66); w.string(m.hash); }
  if (m.zone) { w.uint32(74); w.string(m.zone); }
}

export function readHello(r: Reader, end: number): Hello {
  if (end > r.len) throw wrongLength('Hello');
  let cluster_: string = '';
  let role_: string = '';
  let peer_: string = '';
  let address_: string = '';
  let build_: string = '';
  let protocol_: number = 0;
  let shards_: number = 0;
  let hash_: string = '';
  let zone_: string = '';
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 10: cluster_ = readString(r); break;
      case 18: role_ = readString(r); break;
      case 26: peer_ = readString(r); break;
      case 34: address_ = readString(r); break;
      case 42: build_ = readString(r); break;
      case 48: protocol_ = r.uint32(); break;
      case 56: shards_ = r.uint32(); break;
      case 66: hash_ = readString(r); break;
      case 74: zone_ = readString(r); break;
      default: throw wrongField('Hello', tag);
    }
  }
  if (r.pos !== end) throw wrongLength('Hello');
  return { cluster: cluster_, role: role_, peer: peer_, address: address_, build: build_, protocol: protocol_, shards: shards_, hash: hash_, zone: zone_ };
}

export interface Goodbye {
  /** error code */
  readonly code: string;
  readonly message: string;
}
export interface GoodbyeInit {
  /** error code */
  readonly code?: string | undefined;
  readonly message?: string | undefined;
}

export function writeGoodbye(w: Writer, m: GoodbyeInit): void {
  if (m.code) { w.uint32(10); w.string(m.code); }
  if (m.message) { w.uint32(18); w.string(m.message); }
}

export function readGoodbye(r: Reader, end: number): Goodbye {
  if (end > r.len) throw wrongLength('Goodbye');
  let code_: string = '';
  let message_: string = '';
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 10: code_ = readString(r); break;
      case 18: message_ = readString(r); break;
      default: throw wrongField('Goodbye', tag);
    }
  }
  if (r.pos !== end) throw wrongLength('Goodbye');
  return { code: code_, message: message_ };
}

/** To an actor. From a client (session and request set), from another actor (sender and number set), or from an operator. */
export interface Command {
  readonly kind: string;
  readonly id: string;
  readonly name: string;
  /** JSON */
  readonly data: Uint8Array;
  /** of a client's connection: request ids grow within it (K11) */
  readonly session: string;
  /** of the session, or of an operator */
  readonly request: number;
  /** every request of the session up to this one was answered */
  readonly answered: number;
  /** kind/id of the sending actor */
  readonly sender: string;
  /** of the sender's outbox: the receiver drops repeats (K8) */
  readonly number: number;
  /** what is left of the deadline; 0: none */
  readonly ttlMs: number;
  /** session:request of the client command that led to this; empty on that command itself */
  readonly cause: string;
  /** player id the session signed in as, set by the gateway */
  readonly caller: string;
  /** the sending process's own number for this call, however often it is sent: comes back with the reply */
  readonly call: number;
  /** of the sender's way to this shard: after a bounce the owner bounces the rest of the flight too (K14) */
  readonly flight: number;
}
export interface CommandInit {
  readonly kind?: string | undefined;
  readonly id?: string | undefined;
  readonly name?: string | undefined;
  /** JSON */
  readonly data?: Uint8Array | undefined;
  /** of a client's connection: request ids grow within it (K11) */
  readonly session?: string | undefined;
  /** of the session, or of an operator */
  readonly request?: number | undefined;
  /** every request of the session up to this one was answered */
  readonly answered?: number | undefined;
  /** kind/id of the sending actor */
  readonly sender?: string | undefined;
  /** of the sender's outbox: the receiver drops repeats (K8) */
  readonly number?: number | undefined;
  /** what is left of the deadline; 0: none */
  readonly ttlMs?: number | undefined;
  /** session:request of the client command that led to this; empty on that command itself */
  readonly cause?: string | undefined;
  /** player id the session signed in as, set by the gateway */
  readonly caller?: string | undefined;
  /** the sending process's own number for this call, however often it is sent: comes back with the reply */
  readonly call?: number | undefined;
  /** of the sender's way to this shard: after a bounce the owner bounces the rest of the flight too (K14) */
  readonly flight?: number | undefined;
}

export function writeCommand(w: Writer, m: CommandInit): void {
  if (m.kind) { w.uint32(10); w.string(m.kind); }
  if (m.id) { w.uint32(18); w.string(m.id); }
  if (m.name) { w.uint32(26); w.string(m.name); }
  if (m.data !== undefined && m.data.length > 0) { w.uint32(34); w.bytes(m.data); }
  if (m.session) { w.uint32(42); w.string(m.session); }
  if (m.request) { w.uint32(48); writeUint53(w, m.request); }
  if (m.answered) { w.uint32(56); writeUint53(w, m.answered); }
  if (m.sender) { w.uint32(66); w.string(m.sender); }
  if (m.number) { w.uint32(72); writeUint53(w, m.number); }
  if (m.ttlMs) { w.uint32(80); w.uint32(uint32(m.ttlMs)); }
  if (m.cause) { w.uint32(98); w.string(m.cause); }
  if (m.caller) { w.uint32(106); w.string(m.caller); }
  if (m.call) { w.uint32(120); writeUint53(w, m.call); }
  if (m.flight) { w.uint32(112); w.uint32(uint32(m.flight)); }
}

export function readCommand(r: Reader, end: number): Command {
  if (end > r.len) throw wrongLength('Command');
  let kind_: string = '';
  let id_: string = '';
  let name_: string = '';
  let data_: Uint8Array = noBytes;
  let session_: string = '';
  let request_: number = 0;
  let answered_: number = 0;
  let sender_: string = '';
  let number_: number = 0;
  let ttlMs_: number = 0;
  let cause_: string = '';
  let caller_: string = '';
  let call_: number = 0;
  let flight_: number = 0;
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 10: kind_ = readString(r); break;
      case 18: id_ = readString(r); break;
      case 26: name_ = readString(r); break;
      case 34: data_ = r.bytes(); break;
      case 42: session_ = readString(r); break;
      case 48: request_ = readUint53(r); break;
      case 56: answered_ = readUint53(r); break;
      case 66: sender_ = readString(r); break;
      case 72: number_ = readUint53(r); break;
      case 80: ttlMs_ = r.uint32(); break;
      case 98: cause_ = readString(r); break;
      case 106: caller_ = readString(r); break;
      case 120: call_ = readUint53(r); break;
      case 112: flight_ = r.uint32(); break;
      default: throw wrongField('Command', tag);
    }
  }
  if (r.pos !== end) throw wrongLength('Command');
  return { kind: kind_, id: id_, name: name_, data: data_, session: session_, request: request_, answered: answered_, sender: sender_, number: number_, ttlMs: ttlMs_, cause: cause_, caller: caller_, call: call_, flight: flight_ };
}

export interface Reply {
  /** of the command */
  readonly request: number;
  /** error code; empty: done */
  readonly code: string;
  /** JSON: the value, or the error's details */
  readonly data: Uint8Array;
  /** with NOT_OWNER: who owns it as far as the sender knows */
  readonly owner: string;
  /** with a bounce: of the command */
  readonly flight: number;
  /** of the command */
  readonly call: number;
}
export interface ReplyInit {
  /** of the command */
  readonly request?: number | undefined;
  /** error code; empty: done */
  readonly code?: string | undefined;
  /** JSON: the value, or the error's details */
  readonly data?: Uint8Array | undefined;
  /** with NOT_OWNER: who owns it as far as the sender knows */
  readonly owner?: string | undefined;
  /** with a bounce: of the command */
  readonly flight?: number | undefined;
  /** of the command */
  readonly call?: number | undefined;
}

export function writeReply(w: Writer, m: ReplyInit): void {
  if (m.request) { w.uint32(8); writeUint53(w, m.request); }
  if (m.code) { w.uint32(26); w.string(m.code); }
  if (m.data !== undefined && m.data.length > 0) { w.uint32(34); w.bytes(m.data); }
  if (m.owner) { w.uint32(42); w.string(m.owner); }
  if (m.flight) { w.uint32(64); w.uint32(uint32(m.flight)); }
  if (m.call) { w.uint32(72); writeUint53(w, m.call); }
}

export function readReply(r: Reader, end: number): Reply {
  if (end > r.len) throw wrongLength('Reply');
  let request_: number = 0;
  let code_: string = '';
  let data_: Uint8Array = noBytes;
  let owner_: string = '';
  let flight_: number = 0;
  let call_: number = 0;
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 8: request_ = readUint53(r); break;
      case 26: code_ = readString(r); break;
      case 34: data_ = r.bytes(); break;
      case 42: owner_ = readString(r); break;
      case 64: flight_ = r.uint32(); break;
      case 72: call_ = readUint53(r); break;
      default: throw wrongField('Reply', tag);
    }
  }
  if (r.pos !== end) throw wrongLength('Reply');
  return { request: request_, code: code_, data: data_, owner: owner_, flight: flight_, call: call_ };
}

/** From now on, send the actor's events of one topic that come after `after`; from its state where they are no longer kept. */
export interface Subscribe {
  readonly kind: string;
  readonly id: string;
  readonly topic: string;
  readonly after: number;
  /** send the topic's state first, whatever `after` says */
  readonly snapshot: boolean;
}
export interface SubscribeInit {
  readonly kind?: string | undefined;
  readonly id?: string | undefined;
  readonly topic?: string | undefined;
  readonly after?: number | undefined;
  /** send the topic's state first, whatever `after` says */
  readonly snapshot?: boolean | undefined;
}

export function writeSubscribe(w: Writer, m: SubscribeInit): void {
  if (m.kind) { w.uint32(10); w.string(m.kind); }
  if (m.id) { w.uint32(18); w.string(m.id); }
  if (m.topic) { w.uint32(26); w.string(m.topic); }
  if (m.after) { w.uint32(32); writeUint53(w, m.after); }
  if (m.snapshot) { w.uint32(40); w.bool(m.snapshot); }
}

export function readSubscribe(r: Reader, end: number): Subscribe {
  if (end > r.len) throw wrongLength('Subscribe');
  let kind_: string = '';
  let id_: string = '';
  let topic_: string = '';
  let after_: number = 0;
  let snapshot_: boolean = false;
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 10: kind_ = readString(r); break;
      case 18: id_ = readString(r); break;
      case 26: topic_ = readString(r); break;
      case 32: after_ = readUint53(r); break;
      case 40: snapshot_ = r.bool(); break;
      default: throw wrongField('Subscribe', tag);
    }
  }
  if (r.pos !== end) throw wrongLength('Subscribe');
  return { kind: kind_, id: id_, topic: topic_, after: after_, snapshot: snapshot_ };
}

export interface SubscribeAck {
  readonly kind: string;
  readonly id: string;
  readonly topic: string;
  /** error code; empty: subscribed */
  readonly code: string;
}
export interface SubscribeAckInit {
  readonly kind?: string | undefined;
  readonly id?: string | undefined;
  readonly topic?: string | undefined;
  /** error code; empty: subscribed */
  readonly code?: string | undefined;
}

export function writeSubscribeAck(w: Writer, m: SubscribeAckInit): void {
  if (m.kind) { w.uint32(10); w.string(m.kind); }
  if (m.id) { w.uint32(18); w.string(m.id); }
  if (m.topic) { w.uint32(26); w.string(m.topic); }
  if (m.code) { w.uint32(34); w.string(m.code); }
}

export function readSubscribeAck(r: Reader, end: number): SubscribeAck {
  if (end > r.len) throw wrongLength('SubscribeAck');
  let kind_: string = '';
  let id_: string = '';
  let topic_: string = '';
  let code_: string = '';
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 10: kind_ = readString(r); break;
      case 18: id_ = readString(r); break;
      case 26: topic_ = readString(r); break;
      case 34: code_ = readString(r); break;
      default: throw wrongField('SubscribeAck', tag);
    }
  }
  if (r.pos !== end) throw wrongLength('SubscribeAck');
  return { kind: kind_, id: id_, topic: topic_, code: code_ };
}

export interface Unsubscribe {
  readonly kind: string;
  readonly id: string;
  readonly topic: string;
}
export interface UnsubscribeInit {
  readonly kind?: string | undefined;
  readonly id?: string | undefined;
  readonly topic?: string | undefined;
}

export function writeUnsubscribe(w: Writer, m: UnsubscribeInit): void {
  if (m.kind) { w.uint32(10); w.string(m.kind); }
  if (m.id) { w.uint32(18); w.string(m.id); }
  if (m.topic) { w.uint32(26); w.string(m.topic); }
}

export function readUnsubscribe(r: Reader, end: number): Unsubscribe {
  if (end > r.len) throw wrongLength('Unsubscribe');
  let kind_: string = '';
  let id_: string = '';
  let topic_: string = '';
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 10: kind_ = readString(r); break;
      case 18: id_ = readString(r); break;
      case 26: topic_ = readString(r); break;
      default: throw wrongField('Unsubscribe', tag);
    }
  }
  if (r.pos !== end) throw wrongLength('Unsubscribe');
  return { kind: kind_, id: id_, topic: topic_ };
}

export interface Event {
  readonly kind: string;
  readonly id: string;
  readonly topic: string;
  /** of the actor's stream */
  readonly number: number;
  /** number of the topic's event before this one: a gap shows */
  readonly previous: number;
  /** empty: a snapshot of the topic's state as of `number` */
  readonly name: string;
  /** JSON */
  readonly data: Uint8Array;
  /** session:request whose reply must reach that client first (K16) */
  readonly cause: string;
  /** user ids; not empty: nobody else may see it */
  readonly only: readonly string[];
  /** user ids that may not see it */
  readonly except: readonly string[];
}
export interface EventInit {
  readonly kind?: string | undefined;
  readonly id?: string | undefined;
  readonly topic?: string | undefined;
  /** of the actor's stream */
  readonly number?: number | undefined;
  /** number of the topic's event before this one: a gap shows */
  readonly previous?: number | undefined;
  /** empty: a snapshot of the topic's state as of `number` */
  readonly name?: string | undefined;
  /** JSON */
  readonly data?: Uint8Array | undefined;
  /** session:request whose reply must reach that client first (K16) */
  readonly cause?: string | undefined;
  /** user ids; not empty: nobody else may see it */
  readonly only?: readonly string[] | undefined;
  /** user ids that may not see it */
  readonly except?: readonly string[] | undefined;
}

export function writeEvent(w: Writer, m: EventInit): void {
  if (m.kind) { w.uint32(10); w.string(m.kind); }
  if (m.id) { w.uint32(18); w.string(m.id); }
  if (m.topic) { w.uint32(26); w.string(m.topic); }
  if (m.number) { w.uint32(32); writeUint53(w, m.number); }
  if (m.previous) { w.uint32(40); writeUint53(w, m.previous); }
  if (m.name) { w.uint32(50); w.string(m.name); }
  if (m.data !== undefined && m.data.length > 0) { w.uint32(58); w.bytes(m.data); }
  if (m.cause) { w.uint32(66); w.string(m.cause); }
  if (m.only) for (const each of m.only) { w.uint32(74); w.string(each); }
  if (m.except) for (const each of m.except) { w.uint32(82); w.string(each); }
}

export function readEvent(r: Reader, end: number): Event {
  if (end > r.len) throw wrongLength('Event');
  let kind_: string = '';
  let id_: string = '';
  let topic_: string = '';
  let number_: number = 0;
  let previous_: number = 0;
  let name_: string = '';
  let data_: Uint8Array = noBytes;
  let cause_: string = '';
  const only_: string[] = [];
  const except_: string[] = [];
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 10: kind_ = readString(r); break;
      case 18: id_ = readString(r); break;
      case 26: topic_ = readString(r); break;
      case 32: number_ = readUint53(r); break;
      case 40: previous_ = readUint53(r); break;
      case 50: name_ = readString(r); break;
      case 58: data_ = r.bytes(); break;
      case 66: cause_ = readString(r); break;
      case 74: only_.push(readString(r)); break;
      case 82: except_.push(readString(r)); break;
      default: throw wrongField('Event', tag);
    }
  }
  if (r.pos !== end) throw wrongLength('Event');
  return { kind: kind_, id: id_, topic: topic_, number: number_, previous: previous_, name: name_, data: data_, cause: cause_, only: only_, except: except_ };
}

/** Owner → backup and learner, envelope with shard and term: what the turns of its actors changed, in log order. One without records asks for an acknowledgement, under a new term above all. */
export interface Append {
  /** counts the owner's snapshots of this shard: an acknowledgement of an earlier one is void */
  readonly seeding: number;
  /** position of the first record */
  readonly first: number;
  readonly records: readonly Record[];
  /** position of the last one */
  readonly end: number;
  /** one more than the position up to which storage has everything; 0: do not rely on storage */
  readonly stored: number;
  /** to a backup of the owner before: that owner, whose log ended before `first` */
  readonly continues: string;
  /** actors that storage could not take: it has an older state of them, or none, whatever `stored` says */
  readonly unstorable: readonly string[];
}
export interface AppendInit {
  /** counts the owner's snapshots of this shard: an acknowledgement of an earlier one is void */
  readonly seeding?: number | undefined;
  /** position of the first record */
  readonly first?: number | undefined;
  readonly records?: readonly RecordInit[] | undefined;
  /** position of the last one */
  readonly end?: number | undefined;
  /** one more than the position up to which storage has everything; 0: do not rely on storage */
  readonly stored?: number | undefined;
  /** to a backup of the owner before: that owner, whose log ended before `first` */
  readonly continues?: string | undefined;
  /** actors that storage could not take: it has an older state of them, or none, whatever `stored` says */
  readonly unstorable?: readonly string[] | undefined;
}

export function writeAppend(w: Writer, m: AppendInit): void {
  if (m.seeding) { w.uint32(8); writeUint53(w, m.seeding); }
  if (m.first) { w.uint32(16); writeUint53(w, m.first); }
  if (m.records) for (const each of m.records) { w.uint32(26).fork(); writeRecord(w, each); w.ldelim(); }
  if (m.end) { w.uint32(32); writeUint53(w, m.end); }
  if (m.stored) { w.uint32(40); writeUint53(w, m.stored); }
  if (m.continues) { w.uint32(50); w.string(m.continues); }
  if (m.unstorable) for (const each of m.unstorable) { w.uint32(58); w.string(each); }
}

export function readAppend(r: Reader, end: number): Append {
  if (end > r.len) throw wrongLength('Append');
  let seeding_: number = 0;
  let first_: number = 0;
  const records_: Record[] = [];
  let end_: number = 0;
  let stored_: number = 0;
  let continues_: string = '';
  const unstorable_: string[] = [];
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 8: seeding_ = readUint53(r); break;
      case 16: first_ = readUint53(r); break;
      case 26: records_.push(readRecord(r, r.size() + r.pos)); break;
      case 32: end_ = readUint53(r); break;
      case 40: stored_ = readUint53(r); break;
      case 50: continues_ = readString(r); break;
      case 58: unstorable_.push(readString(r)); break;
      default: throw wrongField('Append', tag);
    }
  }
  if (r.pos !== end) throw wrongLength('Append');
  return { seeding: seeding_, first: first_, records: records_, end: end_, stored: stored_, continues: continues_, unstorable: unstorable_ };
}

export interface Record {
  /** kind/id */
  readonly entity: string;
  /** the actor's own count; 1: its life begins here, and whatever was before is void */
  readonly seq: number;
  /** JSON array; empty: the actor is gone and its state was worth nothing */
  readonly entries: string;
  /** now and then: the actor's envelope after this record, so that copies need not read records to keep them few */
  readonly whole: string;
}
export interface RecordInit {
  /** kind/id */
  readonly entity?: string | undefined;
  /** the actor's own count; 1: its life begins here, and whatever was before is void */
  readonly seq?: number | undefined;
  /** JSON array; empty: the actor is gone and its state was worth nothing */
  readonly entries?: string | undefined;
  /** now and then: the actor's envelope after this record, so that copies need not read records to keep them few */
  readonly whole?: string | undefined;
}

export function writeRecord(w: Writer, m: RecordInit): void {
  if (m.entity) { w.uint32(10); w.string(m.entity); }
  if (m.seq) { w.uint32(16); writeUint53(w, m.seq); }
  if (m.entries) { w.uint32(26); w.string(m.entries); }
  if (m.whole) { w.uint32(34); w.string(m.whole); }
}

export function readRecord(r: Reader, end: number): Record {
  if (end > r.len) throw wrongLength('Record');
  let entity_: string = '';
  let seq_: number = 0;
  let entries_: string = '';
  let whole_: string = '';
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 10: entity_ = readString(r); break;
      case 16: seq_ = readUint53(r); break;
      case 26: entries_ = readString(r); break;
      case 34: whole_ = readString(r); break;
      default: throw wrongField('Record', tag);
    }
  }
  if (r.pos !== end) throw wrongLength('Record');
  return { entity: entity_, seq: seq_, entries: entries_, whole: whole_ };
}

/** Backup or learner → owner, once per turn of its loop; control lane, or acknowledgements would starve behind data (K15). */
export interface Appended {
  readonly acks: readonly Ack[];
}
export interface AppendedInit {
  readonly acks?: readonly AckInit[] | undefined;
}

export function writeAppended(w: Writer, m: AppendedInit): void {
  if (m.acks) for (const each of m.acks) { w.uint32(10).fork(); writeAck(w, each); w.ldelim(); }
}

export function readAppended(r: Reader, end: number): Appended {
  if (end > r.len) throw wrongLength('Appended');
  const acks_: Ack[] = [];
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 10: acks_.push(readAck(r, r.size() + r.pos)); break;
      default: throw wrongField('Appended', tag);
    }
  }
  if (r.pos !== end) throw wrongLength('Appended');
  return { acks: acks_ };
}

export interface Ack {
  readonly shard: number;
  /** with STALE_TERM the newer one that the sender knows */
  readonly term: number;
  readonly seeding: number;
  /** everything up to here is in memory */
  readonly position: number;
  /** empty | STALE_TERM: you are deposed | GAP: send a snapshot */
  readonly code: string;
}
export interface AckInit {
  readonly shard?: number | undefined;
  /** with STALE_TERM the newer one that the sender knows */
  readonly term?: number | undefined;
  readonly seeding?: number | undefined;
  /** everything up to here is in memory */
  readonly position?: number | undefined;
  /** empty | STALE_TERM: you are deposed | GAP: send a snapshot */
  readonly code?: string | undefined;
}

export function writeAck(w: Writer, m: AckInit): void {
  if (m.shard) { w.uint32(8); w.uint32(uint32(m.shard)); }
  if (m.term) { w.uint32(16); writeUint53(w, m.term); }
  if (m.seeding) { w.uint32(24); writeUint53(w, m.seeding); }
  if (m.position) { w.uint32(32); writeUint53(w, m.position); }
  if (m.code) { w.uint32(42); w.string(m.code); }
}

export function readAck(r: Reader, end: number): Ack {
  if (end > r.len) throw wrongLength('Ack');
  let shard_: number = 0;
  let term_: number = 0;
  let seeding_: number = 0;
  let position_: number = 0;
  let code_: string = '';
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 8: shard_ = r.uint32(); break;
      case 16: term_ = readUint53(r); break;
      case 24: seeding_ = readUint53(r); break;
      case 32: position_ = readUint53(r); break;
      case 42: code_ = readString(r); break;
      default: throw wrongField('Ack', tag);
    }
  }
  if (r.pos !== end) throw wrongLength('Ack');
  return { shard: shard_, term: term_, seeding: seeding_, position: position_, code: code_ };
}

/** Owner → former backup or learner: the row that the owner acts on has no place for it any more. */
export interface Dismissed {
  /** of the copy that it may forget */
  readonly seeding: number;
}
export interface DismissedInit {
  /** of the copy that it may forget */
  readonly seeding?: number | undefined;
}

export function writeDismissed(w: Writer, m: DismissedInit): void {
  if (m.seeding) { w.uint32(8); writeUint53(w, m.seeding); }
}

export function readDismissed(r: Reader, end: number): Dismissed {
  if (end > r.len) throw wrongLength('Dismissed');
  let seeding_: number = 0;
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 8: seeding_ = readUint53(r); break;
      default: throw wrongField('Dismissed', tag);
    }
  }
  if (r.pos !== end) throw wrongLength('Dismissed');
  return { seeding: seeding_ };
}

/** Owner → learner: its actors as saved text, while the log goes on as Append on the same lane. */
export interface Snapshot {
  readonly seeding: number;
  /** forget what you have */
  readonly first: boolean;
  readonly last: boolean;
  /** end of the log when the snapshot began */
  readonly position: number;
  readonly entities: readonly SavedEntity[];
}
export interface SnapshotInit {
  readonly seeding?: number | undefined;
  /** forget what you have */
  readonly first?: boolean | undefined;
  readonly last?: boolean | undefined;
  /** end of the log when the snapshot began */
  readonly position?: number | undefined;
  readonly entities?: readonly SavedEntityInit[] | undefined;
}

export function writeSnapshot(w: Writer, m: SnapshotInit): void {
  if (m.seeding) { w.uint32(8); writeUint53(w, m.seeding); }
  if (m.first) { w.uint32(16); w.bool(m.first); }
  if (m.last) { w.uint32(24); w.bool(m.last); }
  if (m.position) { w.uint32(32); writeUint53(w, m.position); }
  if (m.entities) for (const each of m.entities) { w.uint32(42).fork(); writeSavedEntity(w, each); w.ldelim(); }
}

export function readSnapshot(r: Reader, end: number): Snapshot {
  if (end > r.len) throw wrongLength('Snapshot');
  let seeding_: number = 0;
  let first_: boolean = false;
  let last_: boolean = false;
  let position_: number = 0;
  const entities_: SavedEntity[] = [];
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 8: seeding_ = readUint53(r); break;
      case 16: first_ = r.bool(); break;
      case 24: last_ = r.bool(); break;
      case 32: position_ = readUint53(r); break;
      case 42: entities_.push(readSavedEntity(r, r.size() + r.pos)); break;
      default: throw wrongField('Snapshot', tag);
    }
  }
  if (r.pos !== end) throw wrongLength('Snapshot');
  return { seeding: seeding_, first: first_, last: last_, position: position_, entities: entities_ };
}

export interface SavedEntity {
  /** kind/id */
  readonly entity: string;
  /** of the last record that is in it */
  readonly seq: number;
  /** the actor's envelope; empty: the first record of `tail` begins its life */
  readonly text: string;
  /** entries of the records after `text`: JSON arrays with commas between them. With seq 0 and no text: it is gone, and storage may not know */
  readonly tail: string;
  /** JSON: what it published up to `text`, for those who missed it; empty: nobody listens */
  readonly recent: string;
}
export interface SavedEntityInit {
  /** kind/id */
  readonly entity?: string | undefined;
  /** of the last record that is in it */
  readonly seq?: number | undefined;
  /** the actor's envelope; empty: the first record of `tail` begins its life */
  readonly text?: string | undefined;
  /** entries of the records after `text`: JSON arrays with commas between them. With seq 0 and no text: it is gone, and storage may not know */
  readonly tail?: string | undefined;
  /** JSON: what it published up to `text`, for those who missed it; empty: nobody listens */
  readonly recent?: string | undefined;
}

export function writeSavedEntity(w: Writer, m: SavedEntityInit): void {
  if (m.entity) { w.uint32(10); w.string(m.entity); }
  if (m.seq) { w.uint32(16); writeUint53(w, m.seq); }
  if (m.text) { w.uint32(26); w.string(m.text); }
  if (m.tail) { w.uint32(34); w.string(m.tail); }
  if (m.recent) { w.uint32(42); w.string(m.recent); }
}

export function readSavedEntity(r: Reader, end: number): SavedEntity {
  if (end > r.len) throw wrongLength('SavedEntity');
  let entity_: string = '';
  let seq_: number = 0;
  let text_: string = '';
  let tail_: string = '';
  let recent_: string = '';
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 10: entity_ = readString(r); break;
      case 16: seq_ = readUint53(r); break;
      case 26: text_ = readString(r); break;
      case 34: tail_ = readString(r); break;
      case 42: recent_ = readString(r); break;
      default: throw wrongField('SavedEntity', tag);
    }
  }
  if (r.pos !== end) throw wrongLength('SavedEntity');
  return { entity: entity_, seq: seq_, text: text_, tail: tail_, recent: recent_ };
}

/** Sealed source → target, after its whole log: the actors that are in no log, and where the log ends. Repeated until taken. */
export interface Handover {
  readonly move: string;
  /** of the copy that the target has; 0: it was the backup before the source knew of it */
  readonly seeding: number;
  readonly first: boolean;
  readonly last: boolean;
  /** end of the log */
  readonly position: number;
  readonly entities: readonly SavedEntity[];
}
export interface HandoverInit {
  readonly move?: string | undefined;
  /** of the copy that the target has; 0: it was the backup before the source knew of it */
  readonly seeding?: number | undefined;
  readonly first?: boolean | undefined;
  readonly last?: boolean | undefined;
  /** end of the log */
  readonly position?: number | undefined;
  readonly entities?: readonly SavedEntityInit[] | undefined;
}

export function writeHandover(w: Writer, m: HandoverInit): void {
  if (m.move) { w.uint32(10); w.string(m.move); }
  if (m.seeding) { w.uint32(16); writeUint53(w, m.seeding); }
  if (m.first) { w.uint32(24); w.bool(m.first); }
  if (m.last) { w.uint32(32); w.bool(m.last); }
  if (m.position) { w.uint32(40); writeUint53(w, m.position); }
  if (m.entities) for (const each of m.entities) { w.uint32(50).fork(); writeSavedEntity(w, each); w.ldelim(); }
}

export function readHandover(r: Reader, end: number): Handover {
  if (end > r.len) throw wrongLength('Handover');
  let move_: string = '';
  let seeding_: number = 0;
  let first_: boolean = false;
  let last_: boolean = false;
  let position_: number = 0;
  const entities_: SavedEntity[] = [];
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 10: move_ = readString(r); break;
      case 16: seeding_ = readUint53(r); break;
      case 24: first_ = r.bool(); break;
      case 32: last_ = r.bool(); break;
      case 40: position_ = readUint53(r); break;
      case 50: entities_.push(readSavedEntity(r, r.size() + r.pos)); break;
      default: throw wrongField('Handover', tag);
    }
  }
  if (r.pos !== end) throw wrongLength('Handover');
  return { move: move_, seeding: seeding_, first: first_, last: last_, position: position_, entities: entities_ };
}

/** Target → source: it has the whole copy up to exactly that position, and what came with the hand-over. */
export interface HandoverTaken {
  readonly move: string;
  readonly position: number;
  /** empty | GAP: the copy is not complete up to there */
  readonly code: string;
}
export interface HandoverTakenInit {
  readonly move?: string | undefined;
  readonly position?: number | undefined;
  /** empty | GAP: the copy is not complete up to there */
  readonly code?: string | undefined;
}

export function writeHandoverTaken(w: Writer, m: HandoverTakenInit): void {
  if (m.move) { w.uint32(10); w.string(m.move); }
  if (m.position) { w.uint32(16); writeUint53(w, m.position); }
  if (m.code) { w.uint32(26); w.string(m.code); }
}

export function readHandoverTaken(r: Reader, end: number): HandoverTaken {
  if (end > r.len) throw wrongLength('HandoverTaken');
  let move_: string = '';
  let position_: number = 0;
  let code_: string = '';
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 10: move_ = readString(r); break;
      case 16: position_ = readUint53(r); break;
      case 26: code_ = readString(r); break;
      default: throw wrongField('HandoverTaken', tag);
    }
  }
  if (r.pos !== end) throw wrongLength('HandoverTaken');
  return { move: move_, position: position_, code: code_ };
}

/** Owner → each process that holds a copy for it, every 50 ms: may I answer reads (K7)? */
export interface LeaseAsk {
  readonly number: number;
}
export interface LeaseAskInit {
  readonly number?: number | undefined;
}

export function writeLeaseAsk(w: Writer, m: LeaseAskInit): void {
  if (m.number) { w.uint32(8); writeUint53(w, m.number); }
}

export function readLeaseAsk(r: Reader, end: number): LeaseAsk {
  if (end > r.len) throw wrongLength('LeaseAsk');
  let number_: number = 0;
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 8: number_ = readUint53(r); break;
      default: throw wrongField('LeaseAsk', tag);
    }
  }
  if (r.pos !== end) throw wrongLength('LeaseAsk');
  return { number: number_ };
}

/** It may for 200 ms from when it asked, for every shard but these: they have a newer term. */
export interface Lease {
  readonly number: number;
  readonly refused: readonly ShardTerm[];
}
export interface LeaseInit {
  readonly number?: number | undefined;
  readonly refused?: readonly ShardTermInit[] | undefined;
}

export function writeLease(w: Writer, m: LeaseInit): void {
  if (m.number) { w.uint32(8); writeUint53(w, m.number); }
  if (m.refused) for (const each of m.refused) { w.uint32(18).fork(); writeShardTerm(w, each); w.ldelim(); }
}

export function readLease(r: Reader, end: number): Lease {
  if (end > r.len) throw wrongLength('Lease');
  let number_: number = 0;
  const refused_: ShardTerm[] = [];
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 8: number_ = readUint53(r); break;
      case 18: refused_.push(readShardTerm(r, r.size() + r.pos)); break;
      default: throw wrongField('Lease', tag);
    }
  }
  if (r.pos !== end) throw wrongLength('Lease');
  return { number: number_, refused: refused_ };
}

export interface ShardTerm {
  readonly shard: number;
  readonly term: number;
}
export interface ShardTermInit {
  readonly shard?: number | undefined;
  readonly term?: number | undefined;
}

export function writeShardTerm(w: Writer, m: ShardTermInit): void {
  if (m.shard) { w.uint32(8); w.uint32(uint32(m.shard)); }
  if (m.term) { w.uint32(16); writeUint53(w, m.term); }
}

export function readShardTerm(r: Reader, end: number): ShardTerm {
  if (end > r.len) throw wrongLength('ShardTerm');
  let shard_: number = 0;
  let term_: number = 0;
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 8: shard_ = r.uint32(); break;
      case 16: term_ = readUint53(r); break;
      default: throw wrongField('ShardTerm', tag);
    }
  }
  if (r.pos !== end) throw wrongLength('ShardTerm');
  return { shard: shard_, term: term_ };
}

/** Node → every coordinator, every 100 ms. */
export interface Heartbeat {
  readonly number: number;
  /** of the last table push taken */
  readonly tableRevision: number;
  /** hash over (shard, term) owned: differs = push the rows again */
  readonly ownedDigest: number;
  readonly owned: number;
  readonly actors: number;
  /** gateways: connected players */
  readonly sessions: number;
  readonly loopLagMs: number;
  /** of the event loop, 0…1 */
  readonly utilisation: number;
  readonly rssBytes: number;
  /** self-fenced */
  readonly frozen: boolean;
  /** bit per shard: it holds at least one actor */
  readonly occupied: Uint8Array;
  /** up | cordoned | draining */
  readonly state: string;
  readonly reports: readonly ShardReport[];
  /** of what it owns, those whose turns take longest */
  readonly busiest: readonly ShardLoad[];
  /** seconds of turns per second, over all that it owns */
  readonly turns: number;
  /** for how long storage has not answered it; 0: it does, or it has none */
  readonly storageAwayMs: number;
}
export interface HeartbeatInit {
  readonly number?: number | undefined;
  /** of the last table push taken */
  readonly tableRevision?: number | undefined;
  /** hash over (shard, term) owned: differs = push the rows again */
  readonly ownedDigest?: number | undefined;
  readonly owned?: number | undefined;
  readonly actors?: number | undefined;
  /** gateways: connected players */
  readonly sessions?: number | undefined;
  readonly loopLagMs?: number | undefined;
  /** of the event loop, 0…1 */
  readonly utilisation?: number | undefined;
  readonly rssBytes?: number | undefined;
  /** self-fenced */
  readonly frozen?: boolean | undefined;
  /** bit per shard: it holds at least one actor */
  readonly occupied?: Uint8Array | undefined;
  /** up | cordoned | draining */
  readonly state?: string | undefined;
  readonly reports?: readonly ShardReportInit[] | undefined;
  /** of what it owns, those whose turns take longest */
  readonly busiest?: readonly ShardLoadInit[] | undefined;
  /** seconds of turns per second, over all that it owns */
  readonly turns?: number | undefined;
  /** for how long storage has not answered it; 0: it does, or it has none */
  readonly storageAwayMs?: number | undefined;
}

export function writeHeartbeat(w: Writer, m: HeartbeatInit): void {
  if (m.number) { w.uint32(8); writeUint53(w, m.number); }
  if (m.tableRevision) { w.uint32(16); writeUint53(w, m.tableRevision); }
  if (m.ownedDigest) { w.uint32(24); writeUint53(w, m.ownedDigest); }
  if (m.owned) { w.uint32(32); w.uint32(uint32(m.owned)); }
  if (m.actors) { w.uint32(40); w.uint32(uint32(m.actors)); }
  if (m.sessions) { w.uint32(48); w.uint32(uint32(m.sessions)); }
  if (m.loopLagMs) { w.uint32(57); w.double(m.loopLagMs); }
  if (m.utilisation) { w.uint32(65); w.double(m.utilisation); }
  if (m.rssBytes) { w.uint32(72); writeUint53(w, m.rssBytes); }
  if (m.frozen) { w.uint32(80); w.bool(m.frozen); }
  if (m.occupied !== undefined && m.occupied.length > 0) { w.uint32(90); w.bytes(m.occupied); }
  if (m.state) { w.uint32(98); w.string(m.state); }
  if (m.reports) for (const each of m.reports) { w.uint32(106).fork(); writeShardReport(w, each); w.ldelim(); }
  if (m.busiest) for (const each of m.busiest) { w.uint32(114).fork(); writeShardLoad(w, each); w.ldelim(); }
  if (m.turns) { w.uint32(121); w.double(m.turns); }
  if (m.storageAwayMs) { w.uint32(128); w.uint32(uint32(m.storageAwayMs)); }
}

export function readHeartbeat(r: Reader, end: number): Heartbeat {
  if (end > r.len) throw wrongLength('Heartbeat');
  let number_: number = 0;
  let tableRevision_: number = 0;
  let ownedDigest_: number = 0;
  let owned_: number = 0;
  let actors_: number = 0;
  let sessions_: number = 0;
  let loopLagMs_: number = 0;
  let utilisation_: number = 0;
  let rssBytes_: number = 0;
  let frozen_: boolean = false;
  let occupied_: Uint8Array = noBytes;
  let state_: string = '';
  const reports_: ShardReport[] = [];
  const busiest_: ShardLoad[] = [];
  let turns_: number = 0;
  let storageAwayMs_: number = 0;
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 8: number_ = readUint53(r); break;
      case 16: tableRevision_ = readUint53(r); break;
      case 24: ownedDigest_ = readUint53(r); break;
      case 32: owned_ = r.uint32(); break;
      case 40: actors_ = r.uint32(); break;
      case 48: sessions_ = r.uint32(); break;
      case 57: loopLagMs_ = r.double(); break;
      case 65: utilisation_ = r.double(); break;
      case 72: rssBytes_ = readUint53(r); break;
      case 80: frozen_ = r.bool(); break;
      case 90: occupied_ = r.bytes(); break;
      case 98: state_ = readString(r); break;
      case 106: reports_.push(readShardReport(r, r.size() + r.pos)); break;
      case 114: busiest_.push(readShardLoad(r, r.size() + r.pos)); break;
      case 121: turns_ = r.double(); break;
      case 128: storageAwayMs_ = r.uint32(); break;
      default: throw wrongField('Heartbeat', tag);
    }
  }
  if (r.pos !== end) throw wrongLength('Heartbeat');
  return { number: number_, tableRevision: tableRevision_, ownedDigest: ownedDigest_, owned: owned_, actors: actors_, sessions: sessions_, loopLagMs: loopLagMs_, utilisation: utilisation_, rssBytes: rssBytes_, frozen: frozen_, occupied: occupied_, state: state_, reports: reports_, busiest: busiest_, turns: turns_, storageAwayMs: storageAwayMs_ };
}

/** How long the turns of a shard's actors take, smoothed. */
export interface ShardLoad {
  readonly shard: number;
  /** seconds per second */
  readonly turns: number;
}
export interface ShardLoadInit {
  readonly shard?: number | undefined;
  /** seconds per second */
  readonly turns?: number | undefined;
}

export function writeShardLoad(w: Writer, m: ShardLoadInit): void {
  if (m.shard) { w.uint32(8); w.uint32(uint32(m.shard)); }
  if (m.turns) { w.uint32(17); w.double(m.turns); }
}

export function readShardLoad(r: Reader, end: number): ShardLoad {
  if (end > r.len) throw wrongLength('ShardLoad');
  let shard_: number = 0;
  let turns_: number = 0;
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 8: shard_ = r.uint32(); break;
      case 17: turns_ = r.double(); break;
      default: throw wrongField('ShardLoad', tag);
    }
  }
  if (r.pos !== end) throw wrongLength('ShardLoad');
  return { shard: shard_, turns: turns_ };
}

/** Owner → leader with each beat until the row has changed. */
export interface ShardReport {
  readonly shard: number;
  /** of the row the owner acts on: a report about another term is void */
  readonly term: number;
  /** learner-in-sync | backup-lost | backup-back | outranked */
  readonly what: string;
  /** the learner or the backup it is about; outranked: who says so */
  readonly peer: string;
  /** outranked: the newer term that storage knows, or a row had; else 0 */
  readonly known: number;
}
export interface ShardReportInit {
  readonly shard?: number | undefined;
  /** of the row the owner acts on: a report about another term is void */
  readonly term?: number | undefined;
  /** learner-in-sync | backup-lost | backup-back | outranked */
  readonly what?: string | undefined;
  /** the learner or the backup it is about; outranked: who says so */
  readonly peer?: string | undefined;
  /** outranked: the newer term that storage knows, or a row had; else 0 */
  readonly known?: number | undefined;
}

export function writeShardReport(w: Writer, m: ShardReportInit): void {
  if (m.shard) { w.uint32(8); w.uint32(uint32(m.shard)); }
  if (m.term) { w.uint32(16); writeUint53(w, m.term); }
  if (m.what) { w.uint32(26); w.string(m.what); }
  if (m.peer) { w.uint32(34); w.string(m.peer); }
  if (m.known) { w.uint32(40); writeUint53(w, m.known); }
}

export function readShardReport(r: Reader, end: number): ShardReport {
  if (end > r.len) throw wrongLength('ShardReport');
  let shard_: number = 0;
  let term_: number = 0;
  let what_: string = '';
  let peer_: string = '';
  let known_: number = 0;
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 8: shard_ = r.uint32(); break;
      case 16: term_ = readUint53(r); break;
      case 26: what_ = readString(r); break;
      case 34: peer_ = readString(r); break;
      case 40: known_ = readUint53(r); break;
      default: throw wrongField('ShardReport', tag);
    }
  }
  if (r.pos !== end) throw wrongLength('ShardReport');
  return { shard: shard_, term: term_, what: what_, peer: peer_, known: known_ };
}

export interface HeartbeatAck {
  readonly number: number;
  /** the sender leads in `epoch` */
  readonly leads: boolean;
  /** K6: 0 where the sender could not confirm that it still leads */
  readonly goodForMs: number;
  /** of the whole cluster */
  readonly sessions: number;
  readonly vice: string;
  /** to gateways: open | queue: new sessions wait, admit_per_second of them begin */
  readonly admission: string;
  /** of this gateway's, while they queue */
  readonly admitPerSecond: number;
  /** up | cordoned | draining: what an operator wants the member to be; empty: as it is. Repeated until its beats say so */
  readonly asked: string;
  /** it drains, and no row names it any more: it may end */
  readonly released: boolean;
  /** to nodes: empty | opportunistic | soft: work of these load classes is not begun */
  readonly shed: string;
}
export interface HeartbeatAckInit {
  readonly number?: number | undefined;
  /** the sender leads in `epoch` */
  readonly leads?: boolean | undefined;
  /** K6: 0 where the sender could not confirm that it still leads */
  readonly goodForMs?: number | undefined;
  /** of the whole cluster */
  readonly sessions?: number | undefined;
  readonly vice?: string | undefined;
  /** to gateways: open | queue: new sessions wait, admit_per_second of them begin */
  readonly admission?: string | undefined;
  /** of this gateway's, while they queue */
  readonly admitPerSecond?: number | undefined;
  /** up | cordoned | draining: what an operator wants the member to be; empty: as it is. Repeated until its beats say so */
  readonly asked?: string | undefined;
  /** it drains, and no row names it any more: it may end */
  readonly released?: boolean | undefined;
  /** to nodes: empty | opportunistic | soft: work of these load classes is not begun */
  readonly shed?: string | undefined;
}

export function writeHeartbeatAck(w: Writer, m: HeartbeatAckInit): void {
  if (m.number) { w.uint32(8); writeUint53(w, m.number); }
  if (m.leads) { w.uint32(16); w.bool(m.leads); }
  if (m.goodForMs) { w.uint32(24); w.uint32(uint32(m.goodForMs)); }
  if (m.sessions) { w.uint32(32); w.uint32(uint32(m.sessions)); }
  if (m.vice) { w.uint32(42); w.string(m.vice); }
  if (m.admission) { w.uint32(50); w.string(m.admission); }
  if (m.admitPerSecond) { w.uint32(56); w.uint32(uint32(m.admitPerSecond)); }
  if (m.asked) { w.uint32(66); w.string(m.asked); }
  if (m.released) { w.uint32(72); w.bool(m.released); }
  if (m.shed) { w.uint32(82); w.string(m.shed); }
}

export function readHeartbeatAck(r: Reader, end: number): HeartbeatAck {
  if (end > r.len) throw wrongLength('HeartbeatAck');
  let number_: number = 0;
  let leads_: boolean = false;
  let goodForMs_: number = 0;
  let sessions_: number = 0;
  let vice_: string = '';
  let admission_: string = '';
  let admitPerSecond_: number = 0;
  let asked_: string = '';
  let released_: boolean = false;
  let shed_: string = '';
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 8: number_ = readUint53(r); break;
      case 16: leads_ = r.bool(); break;
      case 24: goodForMs_ = r.uint32(); break;
      case 32: sessions_ = r.uint32(); break;
      case 42: vice_ = readString(r); break;
      case 50: admission_ = readString(r); break;
      case 56: admitPerSecond_ = r.uint32(); break;
      case 66: asked_ = readString(r); break;
      case 72: released_ = r.bool(); break;
      case 82: shed_ = readString(r); break;
      default: throw wrongField('HeartbeatAck', tag);
    }
  }
  if (r.pos !== end) throw wrongLength('HeartbeatAck');
  return { number: number_, leads: leads_, goodForMs: goodForMs_, sessions: sessions_, vice: vice_, admission: admission_, admitPerSecond: admitPerSecond_, asked: asked_, released: released_, shed: shed_ };
}

/** Node → gateways: it owns these shards in these terms. So a gateway that no coordinator reaches knows where they are. */
export interface Placed {
  readonly placements: readonly Placement[];
}
export interface PlacedInit {
  readonly placements?: readonly PlacementInit[] | undefined;
}

export function writePlaced(w: Writer, m: PlacedInit): void {
  if (m.placements) for (const each of m.placements) { w.uint32(10).fork(); writePlacement(w, each); w.ldelim(); }
}

export function readPlaced(r: Reader, end: number): Placed {
  if (end > r.len) throw wrongLength('Placed');
  const placements_: Placement[] = [];
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 10: placements_.push(readPlacement(r, r.size() + r.pos)); break;
      default: throw wrongField('Placed', tag);
    }
  }
  if (r.pos !== end) throw wrongLength('Placed');
  return { placements: placements_ };
}

export interface Placement {
  readonly shard: number;
  readonly term: number;
}
export interface PlacementInit {
  readonly shard?: number | undefined;
  readonly term?: number | undefined;
}

export function writePlacement(w: Writer, m: PlacementInit): void {
  if (m.shard) { w.uint32(8); w.uint32(uint32(m.shard)); }
  if (m.term) { w.uint32(16); writeUint53(w, m.term); }
}

export function readPlacement(r: Reader, end: number): Placement {
  if (end > r.len) throw wrongLength('Placement');
  let shard_: number = 0;
  let term_: number = 0;
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 8: shard_ = r.uint32(); break;
      case 16: term_ = readUint53(r); break;
      default: throw wrongField('Placement', tag);
    }
  }
  if (r.pos !== end) throw wrongLength('Placement');
  return { shard: shard_, term: term_ };
}

/** The table, whole or what changed. Pushed to nodes before gateways. */
export interface Table {
  /** of the store at the newest row */
  readonly revision: number;
  readonly full: boolean;
  readonly rows: readonly Row[];
  readonly overrides: readonly Override[];
  /** whole list whenever it changed */
  readonly members: readonly Member[];
  readonly membersChanged: boolean;
}
export interface TableInit {
  /** of the store at the newest row */
  readonly revision?: number | undefined;
  readonly full?: boolean | undefined;
  readonly rows?: readonly RowInit[] | undefined;
  readonly overrides?: readonly OverrideInit[] | undefined;
  /** whole list whenever it changed */
  readonly members?: readonly MemberInit[] | undefined;
  readonly membersChanged?: boolean | undefined;
}

export function writeTable(w: Writer, m: TableInit): void {
  if (m.revision) { w.uint32(8); writeUint53(w, m.revision); }
  if (m.full) { w.uint32(16); w.bool(m.full); }
  if (m.rows) for (const each of m.rows) { w.uint32(26).fork(); writeRow(w, each); w.ldelim(); }
  if (m.overrides) for (const each of m.overrides) { w.uint32(34).fork(); writeOverride(w, each); w.ldelim(); }
  if (m.members) for (const each of m.members) { w.uint32(42).fork(); writeMember(w, each); w.ldelim(); }
  if (m.membersChanged) { w.uint32(48); w.bool(m.membersChanged); }
}

export function readTable(r: Reader, end: number): Table {
  if (end > r.len) throw wrongLength('Table');
  let revision_: number = 0;
  let full_: boolean = false;
  const rows_: Row[] = [];
  const overrides_: Override[] = [];
  const members_: Member[] = [];
  let membersChanged_: boolean = false;
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 8: revision_ = readUint53(r); break;
      case 16: full_ = r.bool(); break;
      case 26: rows_.push(readRow(r, r.size() + r.pos)); break;
      case 34: overrides_.push(readOverride(r, r.size() + r.pos)); break;
      case 42: members_.push(readMember(r, r.size() + r.pos)); break;
      case 48: membersChanged_ = r.bool(); break;
      default: throw wrongField('Table', tag);
    }
  }
  if (r.pos !== end) throw wrongLength('Table');
  return { revision: revision_, full: full_, rows: rows_, overrides: overrides_, members: members_, membersChanged: membersChanged_ };
}

export interface Row {
  readonly shard: number;
  /** id#incarnation; empty: none */
  readonly owner: string;
  readonly backup: string;
  readonly learner: string;
  readonly term: number;
  /** stable | moving */
  readonly state: string;
  readonly move: string;
  /** the owner before is surely dead: a promoted backup need not wait out the read lease it gave (K7) */
  readonly sure: boolean;
  /** an owner before may still act on what it had alone: ungated actors stand still */
  readonly atLarge: boolean;
  /** the term in which the owner came to own it; 0: not known */
  readonly since: number;
  /** promoted | moved: the owner goes on from its copy; empty: placed, what there is, is in storage */
  readonly origin: string;
}
export interface RowInit {
  readonly shard?: number | undefined;
  /** id#incarnation; empty: none */
  readonly owner?: string | undefined;
  readonly backup?: string | undefined;
  readonly learner?: string | undefined;
  readonly term?: number | undefined;
  /** stable | moving */
  readonly state?: string | undefined;
  readonly move?: string | undefined;
  /** the owner before is surely dead: a promoted backup need not wait out the read lease it gave (K7) */
  readonly sure?: boolean | undefined;
  /** an owner before may still act on what it had alone: ungated actors stand still */
  readonly atLarge?: boolean | undefined;
  /** the term in which the owner came to own it; 0: not known */
  readonly since?: number | undefined;
  /** promoted | moved: the owner goes on from its copy; empty: placed, what there is, is in storage */
  readonly origin?: string | undefined;
}

export function writeRow(w: Writer, m: RowInit): void {
  if (m.shard) { w.uint32(8); w.uint32(uint32(m.shard)); }
  if (m.owner) { w.uint32(18); w.string(m.owner); }
  if (m.backup) { w.uint32(26); w.string(m.backup); }
  if (m.learner) { w.uint32(34); w.string(m.learner); }
  if (m.term) { w.uint32(40); writeUint53(w, m.term); }
  if (m.state) { w.uint32(50); w.string(m.state); }
  if (m.move) { w.uint32(58); w.string(m.move); }
  if (m.sure) { w.uint32(64); w.bool(m.sure); }
  if (m.atLarge) { w.uint32(88); w.bool(m.atLarge); }
  if (m.since) { w.uint32(80); writeUint53(w, m.since); }
  if (m.origin) { w.uint32(74); w.string(m.origin); }
}

export function readRow(r: Reader, end: number): Row {
  if (end > r.len) throw wrongLength('Row');
  let shard_: number = 0;
  let owner_: string = '';
  let backup_: string = '';
  let learner_: string = '';
  let term_: number = 0;
  let state_: string = '';
  let move_: string = '';
  let sure_: boolean = false;
  let atLarge_: boolean = false;
  let since_: number = 0;
  let origin_: string = '';
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 8: shard_ = r.uint32(); break;
      case 18: owner_ = readString(r); break;
      case 26: backup_ = readString(r); break;
      case 34: learner_ = readString(r); break;
      case 40: term_ = readUint53(r); break;
      case 50: state_ = readString(r); break;
      case 58: move_ = readString(r); break;
      case 64: sure_ = r.bool(); break;
      case 88: atLarge_ = r.bool(); break;
      case 80: since_ = readUint53(r); break;
      case 74: origin_ = readString(r); break;
      default: throw wrongField('Row', tag);
    }
  }
  if (r.pos !== end) throw wrongLength('Row');
  return { shard: shard_, owner: owner_, backup: backup_, learner: learner_, term: term_, state: state_, move: move_, sure: sure_, atLarge: atLarge_, since: since_, origin: origin_ };
}

export interface Override {
  /** kind/id */
  readonly entity: string;
  /** 0xffffffff: no longer overridden */
  readonly shard: number;
}
export interface OverrideInit {
  /** kind/id */
  readonly entity?: string | undefined;
  /** 0xffffffff: no longer overridden */
  readonly shard?: number | undefined;
}

export function writeOverride(w: Writer, m: OverrideInit): void {
  if (m.entity) { w.uint32(10); w.string(m.entity); }
  if (m.shard) { w.uint32(16); w.uint32(uint32(m.shard)); }
}

export function readOverride(r: Reader, end: number): Override {
  if (end > r.len) throw wrongLength('Override');
  let entity_: string = '';
  let shard_: number = 0;
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 10: entity_ = readString(r); break;
      case 16: shard_ = r.uint32(); break;
      default: throw wrongField('Override', tag);
    }
  }
  if (r.pos !== end) throw wrongLength('Override');
  return { entity: entity_, shard: shard_ };
}

export interface Member {
  readonly role: string;
  readonly peer: string;
  readonly address: string;
  /** up | cordoned | draining | suspect | dead */
  readonly state: string;
  readonly zone: string;
  readonly build: string;
}
export interface MemberInit {
  readonly role?: string | undefined;
  readonly peer?: string | undefined;
  readonly address?: string | undefined;
  /** up | cordoned | draining | suspect | dead */
  readonly state?: string | undefined;
  readonly zone?: string | undefined;
  readonly build?: string | undefined;
}

export function writeMember(w: Writer, m: MemberInit): void {
  if (m.role) { w.uint32(10); w.string(m.role); }
  if (m.peer) { w.uint32(18); w.string(m.peer); }
  if (m.address) { w.uint32(26); w.string(m.address); }
  if (m.state) { w.uint32(34); w.string(m.state); }
  if (m.zone) { w.uint32(42); w.string(m.zone); }
  if (m.build) { w.uint32(50); w.string(m.build); }
}

export function readMember(r: Reader, end: number): Member {
  if (end > r.len) throw wrongLength('Member');
  let role_: string = '';
  let peer_: string = '';
  let address_: string = '';
  let state_: string = '';
  let zone_: string = '';
  let build_: string = '';
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 10: role_ = readString(r); break;
      case 18: peer_ = readString(r); break;
      case 26: address_ = readString(r); break;
      case 34: state_ = readString(r); break;
      case 42: zone_ = readString(r); break;
      case 50: build_ = readString(r); break;
      default: throw wrongField('Member', tag);
    }
  }
  if (r.pos !== end) throw wrongLength('Member');
  return { role: role_, peer: peer_, address: address_, state: state_, zone: zone_, build: build_ };
}

/** You were replaced: stop and come back as somebody new. */
export interface Replaced {
  readonly by: string;
}
export interface ReplacedInit {
  readonly by?: string | undefined;
}

export function writeReplaced(w: Writer, m: ReplacedInit): void {
  if (m.by) { w.uint32(10); w.string(m.by); }
}

export function readReplaced(r: Reader, end: number): Replaced {
  if (end > r.len) throw wrongLength('Replaced');
  let by_: string = '';
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 10: by_ = readString(r); break;
      default: throw wrongField('Replaced', tag);
    }
  }
  if (r.pos !== end) throw wrongLength('Replaced');
  return { by: by_ };
}

/** Leader → any process: hand off what you have, then end with exit code 0. Whoever started you starts you again. */
export interface Retire {
  /** who asked, for the log */
  readonly by: string;
}
export interface RetireInit {
  /** who asked, for the log */
  readonly by?: string | undefined;
}

export function writeRetire(w: Writer, m: RetireInit): void {
  if (m.by) { w.uint32(10); w.string(m.by); }
}

export function readRetire(r: Reader, end: number): Retire {
  if (end > r.len) throw wrongLength('Retire');
  let by_: string = '';
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 10: by_ = readString(r); break;
      default: throw wrongField('Retire', tag);
    }
  }
  if (r.pos !== end) throw wrongLength('Retire');
  return { by: by_ };
}

/** Leader → every other coordinator, every 50 ms. */
export interface Beat {
  readonly number: number;
  readonly leader: string;
  readonly vice: string;
  /** of the leader's table */
  readonly revision: number;
  readonly members: readonly Member[];
  readonly storeReachable: boolean;
}
export interface BeatInit {
  readonly number?: number | undefined;
  readonly leader?: string | undefined;
  readonly vice?: string | undefined;
  /** of the leader's table */
  readonly revision?: number | undefined;
  readonly members?: readonly MemberInit[] | undefined;
  readonly storeReachable?: boolean | undefined;
}

export function writeBeat(w: Writer, m: BeatInit): void {
  if (m.number) { w.uint32(8); writeUint53(w, m.number); }
  if (m.leader) { w.uint32(18); w.string(m.leader); }
  if (m.vice) { w.uint32(26); w.string(m.vice); }
  if (m.revision) { w.uint32(32); writeUint53(w, m.revision); }
  if (m.members) for (const each of m.members) { w.uint32(42).fork(); writeMember(w, each); w.ldelim(); }
  if (m.storeReachable) { w.uint32(48); w.bool(m.storeReachable); }
}

export function readBeat(r: Reader, end: number): Beat {
  if (end > r.len) throw wrongLength('Beat');
  let number_: number = 0;
  let leader_: string = '';
  let vice_: string = '';
  let revision_: number = 0;
  const members_: Member[] = [];
  let storeReachable_: boolean = false;
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 8: number_ = readUint53(r); break;
      case 18: leader_ = readString(r); break;
      case 26: vice_ = readString(r); break;
      case 32: revision_ = readUint53(r); break;
      case 42: members_.push(readMember(r, r.size() + r.pos)); break;
      case 48: storeReachable_ = r.bool(); break;
      default: throw wrongField('Beat', tag);
    }
  }
  if (r.pos !== end) throw wrongLength('Beat');
  return { number: number_, leader: leader_, vice: vice_, revision: revision_, members: members_, storeReachable: storeReachable_ };
}

export interface BeatAck {
  readonly number: number;
  readonly peer: string;
  readonly revision: number;
}
export interface BeatAckInit {
  readonly number?: number | undefined;
  readonly peer?: string | undefined;
  readonly revision?: number | undefined;
}

export function writeBeatAck(w: Writer, m: BeatAckInit): void {
  if (m.number) { w.uint32(8); writeUint53(w, m.number); }
  if (m.peer) { w.uint32(18); w.string(m.peer); }
  if (m.revision) { w.uint32(24); writeUint53(w, m.revision); }
}

export function readBeatAck(r: Reader, end: number): BeatAck {
  if (end > r.len) throw wrongLength('BeatAck');
  let number_: number = 0;
  let peer_: string = '';
  let revision_: number = 0;
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 8: number_ = readUint53(r); break;
      case 18: peer_ = readString(r); break;
      case 24: revision_ = readUint53(r); break;
      default: throw wrongField('BeatAck', tag);
    }
  }
  if (r.pos !== end) throw wrongLength('BeatAck');
  return { number: number_, peer: peer_, revision: revision_ };
}

/** Leader → vice: it is told to stop, and writes and acknowledges nothing any more. Once; the epoch is the envelope's. */
export interface Resign {
  readonly vice: string;
}
export interface ResignInit {
  readonly vice?: string | undefined;
}

export function writeResign(w: Writer, m: ResignInit): void {
  if (m.vice) { w.uint32(10); w.string(m.vice); }
}

export function readResign(r: Reader, end: number): Resign {
  if (end > r.len) throw wrongLength('Resign');
  let vice_: string = '';
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 10: vice_ = readString(r); break;
      default: throw wrongField('Resign', tag);
    }
  }
  if (r.pos !== end) throw wrongLength('Resign');
  return { vice: vice_ };
}

/** Try to reach this process and say what happened: nobody is declared dead by one observer. */
export interface Probe {
  readonly number: number;
  readonly peer: string;
  readonly address: string;
}
export interface ProbeInit {
  readonly number?: number | undefined;
  readonly peer?: string | undefined;
  readonly address?: string | undefined;
}

export function writeProbe(w: Writer, m: ProbeInit): void {
  if (m.number) { w.uint32(8); writeUint53(w, m.number); }
  if (m.peer) { w.uint32(18); w.string(m.peer); }
  if (m.address) { w.uint32(26); w.string(m.address); }
}

export function readProbe(r: Reader, end: number): Probe {
  if (end > r.len) throw wrongLength('Probe');
  let number_: number = 0;
  let peer_: string = '';
  let address_: string = '';
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 8: number_ = readUint53(r); break;
      case 18: peer_ = readString(r); break;
      case 26: address_ = readString(r); break;
      default: throw wrongField('Probe', tag);
    }
  }
  if (r.pos !== end) throw wrongLength('Probe');
  return { number: number_, peer: peer_, address: address_ };
}

export interface ProbeResult {
  readonly number: number;
  /** alive | other-incarnation | refused | silent */
  readonly outcome: string;
}
export interface ProbeResultInit {
  readonly number?: number | undefined;
  /** alive | other-incarnation | refused | silent */
  readonly outcome?: string | undefined;
}

export function writeProbeResult(w: Writer, m: ProbeResultInit): void {
  if (m.number) { w.uint32(8); writeUint53(w, m.number); }
  if (m.outcome) { w.uint32(18); w.string(m.outcome); }
}

export function readProbeResult(r: Reader, end: number): ProbeResult {
  if (end > r.len) throw wrongLength('ProbeResult');
  let number_: number = 0;
  let outcome_: string = '';
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 8: number_ = readUint53(r); break;
      case 18: outcome_ = readString(r); break;
      default: throw wrongField('ProbeResult', tag);
    }
  }
  if (r.pos !== end) throw wrongLength('ProbeResult');
  return { number: number_, outcome: outcome_ };
}

/** Leader → owner: give up a shard that holds nothing. The owner seals it and says so; only a new term opens it again. */
export interface Release {
  readonly move: string;
  /** the move did not happen: go on */
  readonly cancel: boolean;
  /** whatever it holds, once storage has all of it: nobody is there to take it */
  readonly park: boolean;
}
export interface ReleaseInit {
  readonly move?: string | undefined;
  /** the move did not happen: go on */
  readonly cancel?: boolean | undefined;
  /** whatever it holds, once storage has all of it: nobody is there to take it */
  readonly park?: boolean | undefined;
}

export function writeRelease(w: Writer, m: ReleaseInit): void {
  if (m.move) { w.uint32(10); w.string(m.move); }
  if (m.cancel) { w.uint32(16); w.bool(m.cancel); }
  if (m.park) { w.uint32(24); w.bool(m.park); }
}

export function readRelease(r: Reader, end: number): Release {
  if (end > r.len) throw wrongLength('Release');
  let move_: string = '';
  let cancel_: boolean = false;
  let park_: boolean = false;
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 10: move_ = readString(r); break;
      case 16: cancel_ = r.bool(); break;
      case 24: park_ = r.bool(); break;
      default: throw wrongField('Release', tag);
    }
  }
  if (r.pos !== end) throw wrongLength('Release');
  return { move: move_, cancel: cancel_, park: park_ };
}

export interface Released {
  readonly move: string;
  /** false: it is in use */
  readonly done: boolean;
}
export interface ReleasedInit {
  readonly move?: string | undefined;
  /** false: it is in use */
  readonly done?: boolean | undefined;
}

export function writeReleased(w: Writer, m: ReleasedInit): void {
  if (m.move) { w.uint32(10); w.string(m.move); }
  if (m.done) { w.uint32(16); w.bool(m.done); }
}

export function readReleased(r: Reader, end: number): Released {
  if (end > r.len) throw wrongLength('Released');
  let move_: string = '';
  let done_: boolean = false;
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 10: move_ = readString(r); break;
      case 16: done_ = r.bool(); break;
      default: throw wrongField('Released', tag);
    }
  }
  if (r.pos !== end) throw wrongLength('Released');
  return { move: move_, done: done_ };
}

/** Leader → owner, envelope with shard and term: let nothing more happen in it until a new term or a cancel comes. */
export interface Seal {
  readonly move: string;
  /** the target: its learner in sync, or its backup */
  readonly to: string;
  /** the move will never be committed: go on */
  readonly cancel: boolean;
}
export interface SealInit {
  readonly move?: string | undefined;
  /** the target: its learner in sync, or its backup */
  readonly to?: string | undefined;
  /** the move will never be committed: go on */
  readonly cancel?: boolean | undefined;
}

export function writeSeal(w: Writer, m: SealInit): void {
  if (m.move) { w.uint32(10); w.string(m.move); }
  if (m.to) { w.uint32(18); w.string(m.to); }
  if (m.cancel) { w.uint32(24); w.bool(m.cancel); }
}

export function readSeal(r: Reader, end: number): Seal {
  if (end > r.len) throw wrongLength('Seal');
  let move_: string = '';
  let to_: string = '';
  let cancel_: boolean = false;
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 10: move_ = readString(r); break;
      case 18: to_ = readString(r); break;
      case 24: cancel_ = r.bool(); break;
      default: throw wrongField('Seal', tag);
    }
  }
  if (r.pos !== end) throw wrongLength('Seal');
  return { move: move_, to: to_, cancel: cancel_ };
}

/** Owner → every coordinator, repeated while it is sealed. */
export interface Sealed {
  readonly move: string;
  /** the target has everything */
  readonly done: boolean;
  /** it takes too long: please clear the move */
  readonly abort: boolean;
}
export interface SealedInit {
  readonly move?: string | undefined;
  /** the target has everything */
  readonly done?: boolean | undefined;
  /** it takes too long: please clear the move */
  readonly abort?: boolean | undefined;
}

export function writeSealed(w: Writer, m: SealedInit): void {
  if (m.move) { w.uint32(10); w.string(m.move); }
  if (m.done) { w.uint32(16); w.bool(m.done); }
  if (m.abort) { w.uint32(24); w.bool(m.abort); }
}

export function readSealed(r: Reader, end: number): Sealed {
  if (end > r.len) throw wrongLength('Sealed');
  let move_: string = '';
  let done_: boolean = false;
  let abort_: boolean = false;
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 10: move_ = readString(r); break;
      case 16: done_ = r.bool(); break;
      case 24: abort_ = r.bool(); break;
      default: throw wrongField('Sealed', tag);
    }
  }
  if (r.pos !== end) throw wrongLength('Sealed');
  return { move: move_, done: done_, abort: abort_ };
}

/** Leader → owner of both shards, envelope with the shard and term that the entity leaves: put it into another one (K1). */
export interface Carve {
  /** of the carving, however often it is asked for */
  readonly id: string;
  /** kind/id */
  readonly entity: string;
  readonly into: number;
  readonly intoTerm: number;
  /** it will never be committed: go on where it was */
  readonly cancel: boolean;
}
export interface CarveInit {
  /** of the carving, however often it is asked for */
  readonly id?: string | undefined;
  /** kind/id */
  readonly entity?: string | undefined;
  readonly into?: number | undefined;
  readonly intoTerm?: number | undefined;
  /** it will never be committed: go on where it was */
  readonly cancel?: boolean | undefined;
}

export function writeCarve(w: Writer, m: CarveInit): void {
  if (m.id) { w.uint32(10); w.string(m.id); }
  if (m.entity) { w.uint32(18); w.string(m.entity); }
  if (m.into) { w.uint32(24); w.uint32(uint32(m.into)); }
  if (m.intoTerm) { w.uint32(32); writeUint53(w, m.intoTerm); }
  if (m.cancel) { w.uint32(40); w.bool(m.cancel); }
}

export function readCarve(r: Reader, end: number): Carve {
  if (end > r.len) throw wrongLength('Carve');
  let id_: string = '';
  let entity_: string = '';
  let into_: number = 0;
  let intoTerm_: number = 0;
  let cancel_: boolean = false;
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 10: id_ = readString(r); break;
      case 18: entity_ = readString(r); break;
      case 24: into_ = r.uint32(); break;
      case 32: intoTerm_ = readUint53(r); break;
      case 40: cancel_ = r.bool(); break;
      default: throw wrongField('Carve', tag);
    }
  }
  if (r.pos !== end) throw wrongLength('Carve');
  return { id: id_, entity: entity_, into: into_, intoTerm: intoTerm_, cancel: cancel_ };
}

/** Owner → every coordinator, repeated while it holds the entity. */
export interface Carved {
  readonly id: string;
  readonly entity: string;
  readonly into: number;
  /** that shard has all of it, in a second place */
  readonly done: boolean;
  /** it takes too long: please cancel */
  readonly abort: boolean;
}
export interface CarvedInit {
  readonly id?: string | undefined;
  readonly entity?: string | undefined;
  readonly into?: number | undefined;
  /** that shard has all of it, in a second place */
  readonly done?: boolean | undefined;
  /** it takes too long: please cancel */
  readonly abort?: boolean | undefined;
}

export function writeCarved(w: Writer, m: CarvedInit): void {
  if (m.id) { w.uint32(10); w.string(m.id); }
  if (m.entity) { w.uint32(18); w.string(m.entity); }
  if (m.into) { w.uint32(24); w.uint32(uint32(m.into)); }
  if (m.done) { w.uint32(32); w.bool(m.done); }
  if (m.abort) { w.uint32(40); w.bool(m.abort); }
}

export function readCarved(r: Reader, end: number): Carved {
  if (end > r.len) throw wrongLength('Carved');
  let id_: string = '';
  let entity_: string = '';
  let into_: number = 0;
  let done_: boolean = false;
  let abort_: boolean = false;
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 10: id_ = readString(r); break;
      case 18: entity_ = readString(r); break;
      case 24: into_ = r.uint32(); break;
      case 32: done_ = r.bool(); break;
      case 40: abort_ = r.bool(); break;
      default: throw wrongField('Carved', tag);
    }
  }
  if (r.pos !== end) throw wrongLength('Carved');
  return { id: id_, entity: entity_, into: into_, done: done_, abort: abort_ };
}

export interface AdminRequest {
  readonly request: number;
  /** "status", "node.list", … */
  readonly command: string;
  /** JSON */
  readonly arguments: Uint8Array;
  readonly who: string;
}
export interface AdminRequestInit {
  readonly request?: number | undefined;
  /** "status", "node.list", … */
  readonly command?: string | undefined;
  /** JSON */
  readonly arguments?: Uint8Array | undefined;
  readonly who?: string | undefined;
}

export function writeAdminRequest(w: Writer, m: AdminRequestInit): void {
  if (m.request) { w.uint32(8); writeUint53(w, m.request); }
  if (m.command) { w.uint32(18); w.string(m.command); }
  if (m.arguments !== undefined && m.arguments.length > 0) { w.uint32(26); w.bytes(m.arguments); }
  if (m.who) { w.uint32(34); w.string(m.who); }
}

export function readAdminRequest(r: Reader, end: number): AdminRequest {
  if (end > r.len) throw wrongLength('AdminRequest');
  let request_: number = 0;
  let command_: string = '';
  let arguments_: Uint8Array = noBytes;
  let who_: string = '';
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 8: request_ = readUint53(r); break;
      case 18: command_ = readString(r); break;
      case 26: arguments_ = r.bytes(); break;
      case 34: who_ = readString(r); break;
      default: throw wrongField('AdminRequest', tag);
    }
  }
  if (r.pos !== end) throw wrongLength('AdminRequest');
  return { request: request_, command: command_, arguments: arguments_, who: who_ };
}

export interface AdminResponse {
  readonly request: number;
  /** error code; empty: done */
  readonly code: string;
  /** JSON */
  readonly result: Uint8Array;
}
export interface AdminResponseInit {
  readonly request?: number | undefined;
  /** error code; empty: done */
  readonly code?: string | undefined;
  /** JSON */
  readonly result?: Uint8Array | undefined;
}

export function writeAdminResponse(w: Writer, m: AdminResponseInit): void {
  if (m.request) { w.uint32(8); writeUint53(w, m.request); }
  if (m.code) { w.uint32(18); w.string(m.code); }
  if (m.result !== undefined && m.result.length > 0) { w.uint32(26); w.bytes(m.result); }
}

export function readAdminResponse(r: Reader, end: number): AdminResponse {
  if (end > r.len) throw wrongLength('AdminResponse');
  let request_: number = 0;
  let code_: string = '';
  let result_: Uint8Array = noBytes;
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 8: request_ = readUint53(r); break;
      case 18: code_ = readString(r); break;
      case 26: result_ = r.bytes(); break;
      default: throw wrongField('AdminResponse', tag);
    }
  }
  if (r.pos !== end) throw wrongLength('AdminResponse');
  return { request: request_, code: code_, result: result_ };
}

export interface AdminEvent {
  /** JSON {at, type, …} */
  readonly event: Uint8Array;
}
export interface AdminEventInit {
  /** JSON {at, type, …} */
  readonly event?: Uint8Array | undefined;
}

export function writeAdminEvent(w: Writer, m: AdminEventInit): void {
  if (m.event !== undefined && m.event.length > 0) { w.uint32(10); w.bytes(m.event); }
}

export function readAdminEvent(r: Reader, end: number): AdminEvent {
  if (end > r.len) throw wrongLength('AdminEvent');
  let event_: Uint8Array = noBytes;
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 10: event_ = r.bytes(); break;
      default: throw wrongField('AdminEvent', tag);
    }
  }
  if (r.pos !== end) throw wrongLength('AdminEvent');
  return { event: event_ };
}

/** Coordinator → node: what is known about one entity, for an operator. */
export interface Inspect {
  readonly request: number;
  readonly kind: string;
  readonly id: string;
}
export interface InspectInit {
  readonly request?: number | undefined;
  readonly kind?: string | undefined;
  readonly id?: string | undefined;
}

export function writeInspect(w: Writer, m: InspectInit): void {
  if (m.request) { w.uint32(8); writeUint53(w, m.request); }
  if (m.kind) { w.uint32(18); w.string(m.kind); }
  if (m.id) { w.uint32(26); w.string(m.id); }
}

export function readInspect(r: Reader, end: number): Inspect {
  if (end > r.len) throw wrongLength('Inspect');
  let request_: number = 0;
  let kind_: string = '';
  let id_: string = '';
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 8: request_ = readUint53(r); break;
      case 18: kind_ = readString(r); break;
      case 26: id_ = readString(r); break;
      default: throw wrongField('Inspect', tag);
    }
  }
  if (r.pos !== end) throw wrongLength('Inspect');
  return { request: request_, kind: kind_, id: id_ };
}

export interface Inspected {
  readonly request: number;
  readonly code: string;
  /** JSON */
  readonly result: Uint8Array;
}
export interface InspectedInit {
  readonly request?: number | undefined;
  readonly code?: string | undefined;
  /** JSON */
  readonly result?: Uint8Array | undefined;
}

export function writeInspected(w: Writer, m: InspectedInit): void {
  if (m.request) { w.uint32(8); writeUint53(w, m.request); }
  if (m.code) { w.uint32(18); w.string(m.code); }
  if (m.result !== undefined && m.result.length > 0) { w.uint32(26); w.bytes(m.result); }
}

export function readInspected(r: Reader, end: number): Inspected {
  if (end > r.len) throw wrongLength('Inspected');
  let request_: number = 0;
  let code_: string = '';
  let result_: Uint8Array = noBytes;
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 8: request_ = readUint53(r); break;
      case 18: code_ = readString(r); break;
      case 26: result_ = r.bytes(); break;
      default: throw wrongField('Inspected', tag);
    }
  }
  if (r.pos !== end) throw wrongLength('Inspected');
  return { request: request_, code: code_, result: result_ };
}

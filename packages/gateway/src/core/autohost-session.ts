// One autohost's connection.
//
//   attaching ── attached ──► open ── the actor has a new owner ──► attaching (resume, in front of what is under way)
//       │                      │
//       └── refused ───────────┴── told, or found out, that it is not the actor's connection: over
//
// What it says goes to its actor in order (`autohost-feed.ts`); what the actor asks comes with its topic (`server-requests.ts`). Its first word
// must be `autohost/status`. The gateway may die at any time, the actor's owner too: what was not taken is replayed, to the next connection.
// So whenever something cannot be passed on — too much waits, the actor has lost the connection — the connection is ended: the autohost comes
// back at once, and begins where the actor's record ends.
import type { Call, CallInFront, RoutedOutcome, StreamEvent, StreamHandle } from '@muster/cluster';
import {
  AUTOHOST_KIND,
  AUTOHOST_TOPIC,
  type AutohostAttachData,
  type AutohostSnapshot,
  NOTICE_ENDED,
  NOTICE_REQUEST,
  NOTICE_REQUEST_OVER,
  NOTICE_SUPERSEDED,
  REASON_CONNECTED,
  REASON_UNKNOWN_CONNECTION,
  type RequestNotice,
} from '@muster/play';
import { type EntityRef, entity, isMusterError, type Millis, MusterError } from '@muster/ports';
import {
  type AutohostStatus,
  type AutohostUpdate,
  autohostLeftRoom,
  autohostStatus,
  CLOSE_NORMAL,
  CLOSE_RESTART,
  closeReason,
  closingOf,
  type EventMessage,
  type Message,
  type RequestMessage,
  type ResponseMessage,
} from '@muster/tachyon';
import { Attachment, type AttachmentRules } from './attachment.js';
import { AutohostFeed, type FeedItem } from './autohost-feed.js';
import { AutohostQuestions } from './autohost-questions.js';
import type { ClientSocket, SignedAutohost, SocketListener } from './client-socket.js';
import { ClientWriter } from './client-writer.js';
import { textOf } from './json-text.js';
import type { Watched } from './keep-alive.js';
import { ServerRequests } from './server-requests.js';
import type { SharedContext } from './session-context.js';
import type { DropReason } from './traffic.js';

/** Try again later. */
const CLOSE_FULL = 1013;
/** A policy was broken. */
const CLOSE_POLICY = 1008;

export class AutohostSession implements SocketListener, Watched {
  readonly id: string;
  readonly autohost: EntityRef;
  heardAt: Millis;
  private readonly context: SharedContext;
  private readonly socket: ClientSocket;
  private readonly writer: ClientWriter;
  private readonly feed: AutohostFeed;
  private readonly requests: ServerRequests;
  private readonly attachment: Attachment<AutohostSession, null>;
  private readonly ended: (session: AutohostSession) => void;
  private readonly questions: AutohostQuestions;
  private stream: StreamHandle | undefined;
  private asked = 0;
  /** Numbers of calls under way. */
  private readonly unanswered: number[] = [];
  private hasStatus = false;
  private isOver = false;

  private static readonly attachmentRules: AttachmentRules<AutohostSession, null> = {
    send: (session, name, data, done) => session.call(name, data, done),
    data: ({ id, context: { cluster, options } }, before): AutohostAttachData => ({
      session: id,
      gateway: cluster.self,
      region: options.region,
      resume: before !== undefined,
    }),
    attached: (session) => session.attached(),
    delayed: ({ context }) => context.traffic.attached('failed'),
    refused: (session, error) => session.attachRefused(error),
  };

  constructor(
    context: SharedContext,
    id: string,
    socket: ClientSocket,
    who: SignedAutohost,
    ended: (session: AutohostSession) => void,
  ) {
    const { clock, options, protocol, traffic, writerLimits } = context;
    this.context = context;
    this.id = id;
    this.socket = socket;
    this.ended = ended;
    this.autohost = entity(AUTOHOST_KIND, who.botId);
    this.heardAt = clock.monotonic();
    this.writer = new ClientWriter(socket, id, traffic, writerLimits, () =>
      this.end(new MusterError('SLOW_READER'), 'slow_reader'),
    );
    this.requests = new ServerRequests({
      session: id,
      writer: this.writer,
      protocol,
      answered: (data, cause) => this.tell({ type: 'answered', data, cause }, JSON.stringify(data).length),
    });
    this.feed = new AutohostFeed({
      clock,
      retryMs: options.feedRetryMs,
      itemsMax: options.feedItemsMax,
      bytesMax: options.feedBytesMax,
      bundleMax: options.feedBundleMax,
      mayTell: () => this.attachment.attached,
      tell: (name, data, done, cause) => this.call(name, data, done, cause),
      refused: (outcome) => this.refused(outcome),
    });
    this.questions = new AutohostQuestions({
      autohost: this.autohost,
      context,
      writer: this.writer,
      mayAsk: () => this.attachment.attached,
      call: (name, data, done) => this.call(name, data, done),
    });
    this.attachment = new Attachment<AutohostSession, null>(context, AutohostSession.attachmentRules, this);
  }

  start(): void {
    this.attachment.attach();
  }

  /** The actor has a new owner: says who is here before anything else gets there (K14). */
  ownerChanged(front: CallInFront): void {
    this.attachment.attach((name, data, done) => {
      const { call, number } = this.newCall(name, data);
      front(call, (outcome) => {
        this.settled(number);
        done(outcome);
      });
    });
  }

  frame(text: string, bytes = text.length): void {
    if (this.isOver) return;
    const { traffic, clock, protocol } = this.context;
    traffic.framesIn += 1;
    traffic.bytesIn += bytes;
    this.heardAt = clock.monotonic();
    try {
      this.take(protocol.parse(text), bytes);
    } catch (error) {
      if (!isMusterError(error)) throw error;
      this.end(error, error.code === 'FRAME_TOO_LARGE' ? 'frame_too_large' : 'bad_message');
    }
  }

  binary(): void {
    this.end(new MusterError('BINARY_FRAME'), 'binary_frame');
  }

  alive(): void {
    this.heardAt = this.context.clock.monotonic();
  }

  closed(): void {
    this.leave();
  }

  ping(): void {
    this.socket.ping();
  }

  end(error: MusterError, drop?: DropReason): void {
    if (this.isOver) return;
    if (drop) this.context.traffic.dropped(drop);
    const { code, reason } = closingOf(error);
    this.close(code, reason);
  }

  close(code: number, reason: string): void {
    if (this.isOver) return;
    this.leave();
    this.context.traffic.closed(code);
    this.socket.close(code, closeReason(reason));
  }

  private leave(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.writer.end();
    this.feed.end();
    this.questions.end();
    this.attachment.end();
    this.stream?.close();
    this.ended(this);
    // Also where it was never attached: a reply may be on its way.
    this.context.departures.leave(() => this.newCall('detach', { session: this.id }).call);
  }

  private take(message: Message, bytes: number): void {
    if (message.type === 'response') this.response(message);
    else if (!this.hasStatus && message.commandId !== autohostStatus.commandId) this.tooEarly(message);
    else if (message.type === 'event') this.event(message, bytes);
    else this.questions.take(message);
  }

  /** Nothing that it says can be understood before it said what it is. */
  private tooEarly(message: RequestMessage | EventMessage): void {
    const details = `${autohostStatus.commandId} must come first`;
    if (message.type === 'request') this.writer.fail(message, { reason: 'invalid_request', details });
    this.context.traffic.dropped('bad_message');
    this.close(CLOSE_POLICY, details);
  }

  private event(message: EventMessage, bytes: number): void {
    const accepted = this.context.protocol.accept(message, 'autohost→server', this.autohost.id);
    if (!accepted.ok) {
      // An event has no answer: it is counted, and the actor never hears of it.
      this.context.traffic.eventRefused(accepted.reason);
      return;
    }
    if (accepted.definition !== autohostStatus)
      this.tell({ type: 'update', data: accepted.data as AutohostUpdate }, bytes);
    else {
      this.hasStatus = true;
      this.tell({ type: 'status', data: accepted.data as AutohostStatus }, bytes);
    }
  }

  private response(message: ResponseMessage): void {
    const how = this.requests.answer(message);
    if (how === 'taken') return;
    this.context.traffic.dropped(how === 'late' ? 'late_response' : 'unasked_response');
    if (how === 'unasked')
      this.close(CLOSE_POLICY, `Received response to message id ${message.messageId} but no request pending.`);
  }

  private tell(item: FeedItem, bytes: number): void {
    if (this.isOver || this.feed.push(item, bytes)) return;
    this.context.traffic.dropped('autohost_feed');
    this.close(CLOSE_FULL, 'too much waits: come back and replay');
  }

  private refused({ code, details }: Extract<RoutedOutcome, { ok: false }>): void {
    // Its actor counts on another connection, or on none: a new one can replay, this one cannot.
    if (code === 'REFUSED' && details.reason === REASON_UNKNOWN_CONNECTION) this.close(CLOSE_RESTART, 'come back');
    else this.end(new MusterError(code), 'autohost_feed');
  }

  private attached(): void {
    this.stream ??= this.context.cluster.streams.subscribe(
      this.autohost,
      AUTOHOST_TOPIC,
      { snapshot: true },
      {
        snapshot: ({ data }) => this.snapshot(JSON.parse(textOf(data)) as AutohostSnapshot),
        event: (event) => this.notice(event),
        lost: (code) => this.end(new MusterError(code), 'stream_lost'),
      },
    );
    this.feed.goOn();
  }

  private attachRefused(error: MusterError): void {
    const { details } = error;
    if (details.reason === REASON_CONNECTED) this.close(CLOSE_NORMAL, 'this autohost is connected already');
    else if (details.reason === REASON_UNKNOWN_CONNECTION) this.close(CLOSE_RESTART, 'come back');
    else {
      this.context.traffic.dropped('attach_refused');
      this.close(CLOSE_POLICY, error.message);
    }
  }

  private snapshot({ session, requests }: AutohostSnapshot): void {
    if (this.isOver) return;
    // Who lost its place before it listened is told by the actor when it speaks; it may also be that this snapshot is older than the attach.
    if (session !== this.id) this.attachment.attach();
    else for (const request of requests) this.requests.ask(request);
  }

  private notice({ name, data, cause }: StreamEvent): void {
    const notice = JSON.parse(textOf(data)) as RequestNotice;
    if (this.isOver) return;
    if (name === autohostLeftRoom.commandId) this.questions.lost(textOf(data));
    if (notice.session !== this.id) return;
    if (name === NOTICE_REQUEST) this.requests.ask(notice, cause);
    else if (name === NOTICE_REQUEST_OVER) this.requests.over(notice.n);
    else if (name === NOTICE_SUPERSEDED) this.end(new MusterError('SUPERSEDED'));
    else if (name === NOTICE_ENDED) this.close(CLOSE_RESTART, 'come back');
  }

  private call(name: string, data: unknown, done: (outcome: RoutedOutcome) => void, cause = ''): void {
    const { call, number } = this.newCall(name, data, cause);
    this.context.cluster.router.call(call, (outcome) => {
      this.settled(number);
      if (!this.isOver) done(outcome);
    });
  }

  private newCall(name: string, data: unknown, cause = ''): { readonly call: Call; readonly number: number } {
    this.asked += 1;
    const number = this.asked;
    this.unanswered.push(number);
    const origin = {
      type: 'client',
      session: this.id,
      request: number,
      // K11
      answered: this.unanswered[0]! - 1,
      caller: this.autohost.id,
    } as const;
    const { requestTimeoutMs } = this.context.options;
    const json = Buffer.from(JSON.stringify(data));
    return {
      number,
      call: { entity: this.autohost, name, data: json, origin, deadlineMs: requestTimeoutMs, trace: '', cause },
    };
  }

  private settled(number: number): void {
    const at = this.unanswered.indexOf(number);
    if (at >= 0) this.unanswered.splice(at, 1);
  }
}

import type { Call, CallInFront } from '@muster/cluster';
import { type AccountView, type AttachReply, type Moved, PLAYER_KIND, type SelfSnapshot } from '@muster/play';
import { type EntityRef, ERRORS, entity, type Millis, MusterError } from '@muster/ports';
import {
  CLOSE_NORMAL,
  CLOSE_RESTART,
  closeReason,
  closingOf,
  type Message,
  type Places as PlaceIds,
  type RequestMessage,
  type ResponseMessage,
  systemDisconnect,
  systemMoveOn,
} from '@muster/tachyon';
import { Attachment } from './attachment.js';
import { ClientIntake, type IntakeRules } from './client-intake.js';
import type { ClientSocket, SignedPlayer, SocketListener } from './client-socket.js';
import { ClientWriter } from './client-writer.js';
import type { Newcomer } from './login-queue.js';
import { MovingOn } from './moving-on.js';
import { OWN_COMMANDS, type OwnCommandTools } from './own-commands.js';
import type { PlaceClient } from './place-feeds.js';
import { NOWHERE, Places } from './places.js';
import { playerAttachment } from './player-attachment.js';
import { type SelfRules, SelfStream } from './self-stream.js';
import { ServerRequests } from './server-requests.js';
import { SessionCommands } from './session-commands.js';
import type { SessionContext } from './session-context.js';
import type { SessionRules } from './session-rules.js';
import type { DropReason } from './traffic.js';

/** What a client reads that is sent away because this gateway stops. */
const RESTARTING = 'the server is restarting';
/** What requests of a client are answered that waits for its session, as other Tachyon servers do. */
const WAITING = { code: 'REFUSED', details: { reason: 'invalid_request', details: 'waiting for login' } } as const;
/** Try again later. */
const CLOSE_FULL = 1013;
/** A policy was broken. */
const CLOSE_POLICY = 1008;

/** One client connection: from its frames to its player's actor and back. Holds nothing that may not be lost. */
export class PlayerSession implements SocketListener, Newcomer {
  readonly id: string;
  readonly player: EntityRef;
  private readonly context: SessionContext;
  private readonly socket: ClientSocket;
  private readonly intake: ClientIntake<PlayerSession>;
  private readonly writer: ClientWriter;
  private readonly commands: SessionCommands<PlayerSession>;
  private readonly self: SelfStream<PlayerSession>;
  private readonly attachment: Attachment<PlayerSession, AttachReply>;
  private readonly account: AccountView | undefined;
  /** Made when the client comes into its first place. */
  private places: Places | undefined;
  /** Made when the server asks the client something. */
  private requests: ServerRequests | undefined;
  private movingOn: MovingOn | undefined;
  /** Whom the actor says that the player follows. */
  private watch: readonly string[] = [];
  /** `new`: the actor has not heard of it. `asking`, `queued`: the cluster has no room, see login-queue.ts. `starting`: `user/self` was not sent yet. `leaving`: the client asked to go and is being answered. */
  private state: 'new' | 'asking' | 'queued' | 'starting' | 'open' | 'leaving' | 'over' = 'new';

  // Told with the session: a hundred thousand sessions would keep a closure for each of these.
  private static readonly intakeRules: IntakeRules<PlayerSession> = {
    takes: ({ movingOn }) => movingOn?.takesRequests !== false,
    message: (session, message) => session.take(message),
    tooFast: (session) => session.close(CLOSE_POLICY, 'Rate limited'),
    end: (session, error, drop) => session.end(error, drop),
  };
  private static readonly commandRules: SessionRules<PlayerSession> = {
    mayAsk: ({ state, attachment }) => state === 'open' && attachment.attached,
    own: (session, message, definition) => OWN_COMMANDS[definition.commandId]!(session.ownTools(), message, definition),
    hears: ({ self }, heard) => self.hearing.goOn(heard),
    entered: ({ self }, room) => self.rooms.enter(room),
    leftRoom: ({ self }, room) => self.rooms.leave(room),
    replied: ({ self, movingOn }) => {
      self.replied();
      movingOn?.answered();
    },
    unknown: ({ attachment }) => attachment.attach(),
    places: ({ places }) => places?.forRequests ?? NOWHERE,
    placesTold: (session, places) => session.inPlaces(places, 'asked'),
    moved: (session, moved, request) => session.moved(moved, request),
    superseded: (session) => session.end(new MusterError('SUPERSEDED')),
  };
  private static readonly selfRules: SelfRules<PlayerSession> = {
    told: (session, snapshot) => session.selfTold(snapshot),
    placed: (session, kind, id) => session.placesMade().placed(kind, id),
    asked: (session, request) => session.requestsMade().ask(request),
    requestOver: ({ requests }, n) => requests?.over(n),
    superseded: (session) => session.end(new MusterError('SUPERSEDED')),
    ended: ({ attachment }) => {
      if (attachment.attached) attachment.attach();
    },
    lost: (session, code) => session.end(new MusterError(code), 'stream_lost'),
    tooMany: (session) => session.end(new MusterError('SLOW_READER'), 'held_events'),
  };
  private static readonly attachmentRules = playerAttachment<PlayerSession>({
    session: ({ context, id, account }) => ({ context, id, account }),
    send: ({ commands }, name, data, done) => commands.ask(name, data, done),
    held: ({ self, commands }) => ({ userIds: self.followed, messaging: commands.messaging }),
    attached: (session, reply) => session.attached(reply),
    delayed: ({ commands }, code, details) => commands.giveUp(code, details),
    superseded: (session, error) => session.end(error),
    refused: (session, error, isPolicy) => {
      if (!isPolicy) session.end(error, 'attach_refused');
      else {
        session.context.traffic.dropped('attach_refused');
        session.close(CLOSE_POLICY, error.message);
      }
    },
  });

  constructor(context: SessionContext, id: string, socket: ClientSocket, who: SignedPlayer) {
    this.context = context;
    this.id = id;
    this.socket = socket;
    this.player = entity(PLAYER_KIND, who.playerId);
    this.account = who.account;
    this.intake = new ClientIntake(context, PlayerSession.intakeRules, this);
    const slow = (): void => this.end(new MusterError('SLOW_READER'), 'slow_reader');
    this.writer = new ClientWriter(socket, id, context.traffic, context.writerLimits, slow);
    const { player, writer } = this;
    const of = { context, session: id, player, writer, client: this } as const;
    this.commands = new SessionCommands({ ...of, rules: PlayerSession.commandRules });
    this.self = new SelfStream({ ...of, requests: this.commands, rules: PlayerSession.selfRules });
    this.attachment = new Attachment<PlayerSession, AttachReply>(context, PlayerSession.attachmentRules, this);
  }

  start(): void {
    this.state = 'asking';
    this.context.logins.enter(this);
  }

  isAwaited(answer: (isAwaited: boolean | undefined) => void): void {
    this.commands.ask('isAwaited', null, (outcome) => {
      const said = outcome.ok && (JSON.parse(Buffer.from(outcome.data).toString()) as { isAwaited: boolean });
      answer(said ? said.isAwaited : undefined);
    });
  }

  begin(): void {
    this.state = 'starting';
    this.attachment.attach();
  }

  queued(): void {
    this.state = 'queued';
    this.commands.giveUp(WAITING.code, WAITING.details);
  }

  refused(error: MusterError): void {
    this.context.traffic.dropped('login_queue');
    this.close(CLOSE_FULL, error.message);
  }

  /** The actor has a new owner, who may know nothing of this session: says so before anything else gets there. */
  ownerChanged(front: CallInFront): void {
    if (this.state === 'asking' || this.state === 'queued') return;
    this.attachment.attach((name, data, done) => this.commands.ask(name, data, done, front));
  }

  frame(text: string, bytes = text.length): void {
    if (this.state !== 'leaving' && this.state !== 'over') this.intake.frame(text, bytes);
  }

  private take(message: Message): void {
    if (message.type === 'request' && this.state === 'queued') this.outside(message);
    else if (message.type === 'request') this.commands.take(message);
    else if (message.type === 'response') this.response(message);
    // No event is defined from players to the server, and an event has no answer.
    else this.context.traffic.dropped('event_refused');
  }

  binary(): void {
    this.intake.binary();
  }

  alive(): void {
    this.intake.alive();
  }

  get heardAt(): Millis {
    return this.intake.heardAt;
  }

  closed(): void {
    this.leave();
  }

  ping(): void {
    this.socket.ping();
  }

  /** This gateway stops: the client is asked to go to `url` (undefined: to where it came from), or sent away once it has its answers. */
  moveOn(url: string | undefined): void {
    if (this.movingOn || this.state === 'leaving' || this.state === 'over') return;
    const close = () => this.close(CLOSE_RESTART, RESTARTING);
    if (this.state !== 'open') {
      close();
      return;
    }
    const { clock, options } = this.context;
    const hint = { ...(url === undefined ? {} : { url }), withinMs: options.moveOnWithinMs };
    this.movingOn = new MovingOn({
      clock,
      options,
      hint: this.socket.speaksMuster
        ? () => this.writer.event(systemMoveOn.commandId, JSON.stringify(hint))
        : undefined,
      isAnswered: () => this.commands.isIdle,
      close,
    });
    this.movingOn.start();
  }

  /** Whoever hurries: no more requests are taken, and the connection ends as soon as everything is answered. */
  finish(): void {
    if (!this.movingOn) this.moveOn(undefined);
    this.movingOn?.finish();
  }

  /** Ends the connection because of `error`. */
  end(error: MusterError, drop?: DropReason): void {
    if (this.state === 'over') return;
    if (drop) this.context.traffic.dropped(drop);
    const { code, reason } = closingOf(error);
    this.close(code, reason);
  }

  /** Ends the connection; the actor hears of it. */
  close(code: number, reason: string): void {
    if (this.state === 'over') return;
    this.leave();
    this.context.traffic.closed(code);
    this.socket.close(code, closeReason(reason));
  }

  /** The account may not play any more: the session ends with its connection. */
  banish(reason: string): void {
    const begun = this.state === 'starting' || this.state === 'open';
    if (begun) {
      this.state = 'leaving';
      this.attachment.end();
      this.context.departures.leave((clean) => this.detach(clean), { clean: true, told: () => undefined });
    }
    this.close(CLOSE_POLICY, reason);
  }

  /** Forgets everything and tells the actor, unless it was told. */
  private leave(): void {
    if (this.state === 'over') return;
    // Whoever did not begin is not known there either.
    const told = ['leaving', 'new', 'asking', 'queued'].includes(this.state);
    this.state = 'over';
    this.writer.end();
    this.commands.end();
    this.attachment.end();
    this.movingOn?.end();
    this.context.logins.leave(this);
    this.self.end();
    this.places?.end();
    this.context.lobbies.unsubscribe(this.writer);
    this.context.ended(this);
    if (!told) this.context.departures.leave((clean) => this.detach(clean));
  }

  private detach(clean: boolean): Call {
    return this.commands.ownCall('detach', { session: this.id, clean });
  }

  /** All places where the client is. */
  private inPlaces(ids: PlaceIds, by: 'set' | 'attached' | 'asked'): void {
    if (this.places || Object.keys(ids).length > 0) this.placesMade()[by](ids);
  }

  /** Where the client is as of a reply that has left. */
  private moved(moved: Moved, request: number): void {
    const { kind, id } = moved.moved;
    const before = this.places?.current[kind];
    if (before !== undefined && before !== id) this.self.left(kind, before, request);
    if (id !== null) this.self.came(kind, id);
    this.placesMade().moved(moved);
  }

  private placesMade(): Places {
    this.places ??= this.newPlaces();
    return this.places;
  }

  private newPlaces(): Places {
    const client: PlaceClient = {
      userId: this.player.id,
      placeFrame: (frame, place, event) => {
        const places = this.placesMade();
        const told = places.toldOf(place.kind);
        this.self.place(frame, event, () => places.isOld(place, told));
      },
      placeDoubted: (kind) => this.doubt(kind),
      placeLost: (kind) => {
        this.context.traffic.dropped('stream_lost');
        this.doubt(kind);
      },
    };
    return new Places(this.context.feeds, client, (places) => this.self.hearing.moved(places));
  }

  private requestsMade(): ServerRequests {
    const { id: session, writer } = this;
    const { protocol } = this.context;
    const answered = (data: object): void => this.tell('answered', data);
    this.requests ??= new ServerRequests({ session, writer, protocol, answered });
    return this.requests;
  }

  private ownTools(): OwnCommandTools {
    const { lobbies, userCount } = this.context;
    return { writer: this.writer, lobbies, userCount, leave: (told) => this.goAway(told) };
  }

  /** A place does not seem to have this client: its actor knows. */
  private doubt(kind: string): void {
    if (this.state === 'open') this.commands.askPlaces(kind);
  }

  private attached({ watch, places, resumed }: AttachReply): void {
    this.watch = watch;
    // At first `user/self` says where the client is: what happens there would come before it.
    if (this.state !== 'starting') {
      this.inPlaces(this.commands.beforeAnswers(places), 'attached');
      this.goOn();
    }
    this.self.start(!resumed);
  }

  private goOn(): void {
    this.self.follow(this.watch);
    this.commands.goOn();
  }

  /** A client that waits for its session may go, and nothing else. */
  private outside({ messageId, commandId }: RequestMessage): void {
    if (commandId !== systemDisconnect.commandId) {
      this.writer.fail({ messageId, commandId }, this.context.protocol.failure(WAITING.code, WAITING.details));
      return;
    }
    this.writer.reply(messageId, systemDisconnect, undefined);
    this.close(CLOSE_NORMAL, 'goodbye');
  }

  private response(message: ResponseMessage): void {
    const how = this.requests?.answer(message) ?? 'unasked';
    if (how === 'taken') return;
    this.context.traffic.dropped(how === 'late' ? 'late_response' : 'unasked_response');
    if (how === 'unasked')
      this.close(CLOSE_POLICY, `Received response to message id ${message.messageId} but no request pending.`);
  }

  /** Again until the actor has heard it. One that refuses asks anew, or never did. */
  tell(command: 'answered' | 'accountChanged', data: object): void {
    const { clock, options } = this.context;
    if (this.state === 'over') return;
    this.commands.ask(command, data, (outcome) => {
      if (!outcome.ok && ERRORS[outcome.code].retryable)
        clock.after(options.attachRetryMaxMs, () => this.tell(command, data));
    });
  }

  /** The client goes for good, and is answered when its actor has heard of it, or will. */
  private goAway(told: () => void): void {
    this.state = 'leaving';
    // From here on a new owner must not hear of the session in front of its end: it would outlive its socket.
    this.attachment.end();
    this.context.departures.leave((clean) => this.detach(clean), {
      clean: true,
      told: () => {
        if (this.state !== 'leaving') return;
        told();
        this.close(CLOSE_NORMAL, 'goodbye');
      },
    });
  }

  /** `user/self` was sent: the client may be answered. */
  private selfTold({ session, places, requests = [] }: SelfSnapshot): void {
    if (session === this.id) {
      for (const request of requests) this.requestsMade().ask(request);
      this.inPlaces(places, 'set');
      this.commands.placesWereTold();
    }
    const isFirst = this.state === 'starting';
    if (isFirst) this.state = 'open';
    if (this.state !== 'open') return;
    // Whoever took over did so before we listened, or while we could not: the actor says which of the two it is to be.
    if (session !== this.id) this.attachment.attach();
    else if (isFirst && this.attachment.attached) this.goOn();
  }
}

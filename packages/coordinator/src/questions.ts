import { isProbeOutcome, type PeerInfo, type Peers, type ProbeOutcome } from '@muster/cluster';
import type { PeerId } from '@muster/ports';

/** A witness is asked whether it reaches a member. */
export interface Question {
  readonly peer: PeerId;
  readonly round: number;
  readonly witness: string;
}

/** Questions to witnesses that are remembered; an answer to an older one is passed over. */
const QUESTIONS_MAX = 512;

/** Asks witnesses, this process itself among them, whether they reach a member's address. */
export class Questions {
  private readonly peers: Peers;
  private readonly epoch: number;
  private readonly answered: (question: Question, outcome: ProbeOutcome) => void;
  private readonly open = new Map<number, Question>();
  private asked = 0;

  constructor(setup: {
    readonly peers: Peers;
    readonly epoch: number;
    readonly answered: (question: Question, outcome: ProbeOutcome) => void;
  }) {
    this.peers = setup.peers;
    this.epoch = setup.epoch;
    this.answered = setup.answered;
  }

  ask(address: string, question: Question): void {
    const { peers, epoch } = this;
    const { peer, witness } = question;
    if (witness === peers.self.peer) {
      void peers.probe(address, peer).then((outcome) => this.answered(question, outcome));
      return;
    }
    const number = ++this.asked;
    this.open.set(number, question);
    this.open.delete(number - QUESTIONS_MAX);
    peers.send(witness, 'control', { type: 'probe', epoch, body: { number, peer, address } });
  }

  answer(from: PeerInfo, number: number, outcome: string): void {
    const question = this.open.get(number);
    if (!question || question.witness !== from.peer || !isProbeOutcome(outcome)) return;
    this.open.delete(number);
    this.answered(question, outcome);
  }
}

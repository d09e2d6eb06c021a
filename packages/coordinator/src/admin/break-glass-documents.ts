/** With a command that needs it, or that waits without it. The credential is compared, and goes no further. */
export interface BreakGlass {
  /** What the file holds that `admin.breakGlassFile` names. */
  readonly credential: string;
  /** Why; it stands in the audit. */
  readonly reason: string;
}

/** The node's backups take over what it owns. */
export interface NodeGiveUpDocument {
  readonly epoch: number;
  readonly accepted: true;
  readonly node: string;
  /** Of those that it owns: with a backup that takes over. */
  readonly backed: number;
  /** … and without: they still wait for the node. */
  readonly waiting: number;
}

export interface AuditListDocument {
  readonly epoch: number;
  /** Newest first. */
  readonly entries: readonly AuditListEntry[];
}

export interface AuditListEntry {
  readonly at: string;
  readonly who: string;
  readonly command: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  /** 9007199254740991: an operator broke the glass, and `reason` says why. */
  readonly epoch: number;
  /** accepted, or the error's code. Empty: it was begun, and nobody wrote how it ended. */
  readonly result: string;
  readonly reason: string;
}

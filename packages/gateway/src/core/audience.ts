import type { StreamEvent } from '@muster/cluster';

/** Whether this user's client may see the event. A snapshot is for everybody who follows the topic. */
export function isFor({ to: { only, except } }: Pick<StreamEvent, 'to'>, userId: string): boolean {
  return (only.length === 0 || only.includes(userId)) && !except.includes(userId);
}

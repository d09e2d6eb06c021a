/** What a piece of text says, not how it looks. */
export type Tone = 'good' | 'warn' | 'bad' | 'dim' | 'strong' | 'plain';

export type Paint = (tone: Tone, text: string) => string;

const SGR: Readonly<Record<Exclude<Tone, 'plain'>, string>> = {
  good: '32',
  warn: '33',
  bad: '31;1',
  dim: '2',
  strong: '1',
};

export const plain: Paint = (_tone, text) => text;

export const coloured: Paint = (tone, text) =>
  tone === 'plain' || text === '' ? text : `\x1b[${SGR[tone]}m${text}\x1b[0m`;

/** Ids and texts come from the cluster: none of them may steer the terminal. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not get through
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, '\ufffd');
}

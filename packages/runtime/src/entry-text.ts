import type { Entry } from './entries.js';
import type { JsonText } from './host.js';
import { encodeJson } from './json.js';

/** Texts that stand in JSON as they are. */
const PLAIN = /^[ !#-[\]-~]*$/;

/**
 * The entries of one turn as JSON, the same text that `encodeJson` gives. Every turn of a replicated actor is told so, and nearly all of them are an
 * event and the reply to it: put together from their parts these cost half of what a walk over the objects does.
 * @throws TypeError for cycles and bigints
 */
export function encodeEntries(entries: readonly Entry[]): JsonText {
  let text = '';
  for (const entry of entries) text += text === '' ? encodeEntry(entry) : `,${encodeEntry(entry)}`;
  return `[${text}]`;
}

function encodeEntry(entry: Entry): JsonText {
  switch (entry.type) {
    case 'event': {
      const { name, data, at, stream } = entry;
      const json = encodeFlat(data);
      if (json === undefined || !PLAIN.test(name) || !areFinite(at, stream, 0)) break;
      return `{"type":"event","name":"${name}","data":${json},"at":${at},"stream":${stream}}`;
    }
    case 'reply': {
      const { session, request, answered, outcome, at } = entry;
      if (!outcome.ok || !PLAIN.test(session) || !PLAIN.test(outcome.json) || !areFinite(request, answered, at)) break;
      return `{"type":"reply","session":"${session}","request":${request},"answered":${answered},"outcome":{"ok":true,"json":"${outcome.json}"},"at":${at}}`;
    }
    case 'received': {
      const { from, number, outcome, at } = entry;
      if (!outcome?.ok || !PLAIN.test(from) || !PLAIN.test(outcome.json) || !areFinite(number, at, 0)) break;
      return `{"type":"received","from":"${from}","number":${number},"outcome":{"ok":true,"json":"${outcome.json}"},"at":${at}}`;
    }
  }
  return encodeJson(entry);
}

/** A value; undefined where it takes more than plain JSON. Objects of texts and numbers only, which most events are, are told here. */
function encodeFlat(value: unknown): JsonText | undefined {
  if (value === null) return 'null';
  if (typeof value !== 'object') return undefined;
  if (Object.getPrototypeOf(value) !== Object.prototype || 'toJSON' in value) return encodeWhole(value);
  let text = '';
  for (const key in value) {
    const leaf = (value as Readonly<Record<string, unknown>>)[key];
    const comma = text === '' ? '' : ',';
    if (!PLAIN.test(key)) return encodeWhole(value);
    if (typeof leaf === 'string' && PLAIN.test(leaf)) text += `${comma}"${key}":"${leaf}"`;
    else if (typeof leaf === 'boolean' || leaf === null || Number.isFinite(leaf)) text += `${comma}"${key}":${leaf}`;
    else return encodeWhole(value);
  }
  return `{${text}}`;
}

function encodeWhole(value: object): JsonText | undefined {
  return JSON.stringify(value);
}

function areFinite(a: number, b: number, c: number): boolean {
  return Number.isFinite(a) && Number.isFinite(b) && Number.isFinite(c);
}

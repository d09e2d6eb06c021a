// The published schemas, compiled. They are data of another project and not kept here: MUSTER_TACHYON_SCHEMA names their file.
import { readFileSync } from 'node:fs';
import { isIPv4, isIPv6 } from 'node:net';
import { Ajv, type ValidateFunction } from 'ajv';
import type { Resolve, Schema } from './json-schema.test-kit.js';

export interface PublishedMessage extends Schema {
  readonly tachyon?: { readonly source: string; readonly target: string };
}

interface Fault {
  readonly definition: string;
  readonly says: string;
  readonly meant: string;
}

/** What is plainly wrong in the published file, and what real clients and autohosts take instead. */
const FAULTS: readonly Fault[] = [
  // An address in the place of a battle id: no client could ever join a battle.
  { definition: 'privateBattle', says: '"ip":{"$ref":"#/definitions/battleId"}', meant: '"ip":{"type":"string"}' },
  // Keys of one character: the plus is missing, so values of longer keys are not looked at.
  { definition: 'customStartScriptProperties', says: '^[a-zA-Z0-9_-]$', meant: '^[a-zA-Z0-9_-]+$' },
];

/** Our own reading of formats would agree with itself. */
const FORMATS = {
  uuid: /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i,
  ipv4: isIPv4,
  ipv6: isIPv6,
  regex: (text: string) => {
    try {
      return new RegExp(text, 'u') instanceof RegExp;
    } catch {
      return false;
    }
  },
};

export class Published {
  readonly resolve: Resolve;
  private readonly messages = new Map<string, PublishedMessage>();
  private readonly validators = new Map<string, ValidateFunction>();
  private readonly ajv = new Ajv({ strict: false, formats: FORMATS });

  /** @param file the compiled schema.json. @throws Error where a known fault is gone: it need not be told of any more. */
  constructor(file: string) {
    const { definitions, anyOf } = JSON.parse(readFileSync(file, 'utf8')) as {
      readonly definitions: Record<string, Schema>;
      readonly anyOf: readonly PublishedMessage[];
    };
    for (const { definition, says, meant } of FAULTS) {
      const text = JSON.stringify(definitions[definition]);
      if (!text.includes(says)) throw new Error(`${definition} has no fault any more`);
      definitions[definition] = JSON.parse(text.replace(says, meant)) as Schema;
    }
    this.ajv.addSchema({ $id: 'published', definitions });
    this.resolve = (ref) => definitions[ref.slice(ref.lastIndexOf('/') + 1)]!;
    for (const message of anyOf.flatMap(
      (entry) => (entry.anyOf as readonly PublishedMessage[] | undefined) ?? [entry],
    )) {
      const { commandId, type, status } = message.properties as Record<string, { readonly const?: string }>;
      this.messages.set(keyOf(String(commandId?.const), String(type?.const), status?.const), message);
    }
  }

  get commandIds(): readonly string[] {
    return [...new Set([...this.messages.keys()].map((key) => key.split(' ')[0]!))].sort();
  }

  message(commandId: string, type: string, status?: string): PublishedMessage | undefined {
    return this.messages.get(keyOf(commandId, type, status));
  }

  /** What is wrong with a frame; null: nothing. */
  errors(frame: object): unknown {
    const { commandId, type, status } = frame as Record<string, string>;
    const key = keyOf(commandId!, type!, status);
    const validate = this.validators.get(key) ?? this.compile(key);
    return validate(frame) ? null : validate.errors;
  }

  private compile(key: string): ValidateFunction {
    const text = JSON.stringify(this.messages.get(key) ?? { not: {} });
    const validate = this.ajv.compile(
      JSON.parse(text.replaceAll('#/definitions/', 'published#/definitions/')) as object,
    );
    this.validators.set(key, validate);
    return validate;
  }
}

function keyOf(commandId: string, type: string, status: string | undefined): string {
  return [commandId, type, ...(status === undefined ? [] : [status])].join(' ');
}

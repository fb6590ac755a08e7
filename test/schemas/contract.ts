import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { projectRoot } from '../helpers/rqt.ts';

/** A document as `rqt` printed it. */
export type Printed = Readonly<Record<string, unknown>> & { readonly kind: string };

/** The part of a JSON Schema that is looked at here. */
interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly [keyword: string]: unknown;
}

/** The schemas that are shipped, stricter than they are: a property that none of them tells of is an error. */
export class Contract {
  readonly #schemas = new Map<string, Schema>();
  readonly #validators = new Map<string, ValidateFunction>();
  /** Paths of properties that held something, such as `job.attempts[].error`. */
  readonly #seen = new Set<string>();

  constructor() {
    const folder = join(projectRoot, 'dist/schemas');
    const ajv = new Ajv2020({ strictTypes: false, strictRequired: false, allErrors: true });
    ajv.addFormat('date-time', text => !Number.isNaN(Date.parse(text)));
    for (const file of readdirSync(folder)) {
      const kind = basename(file, '.json');
      const schema = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Schema;
      this.#schemas.set(kind, schema);
      this.#validators.set(kind, ajv.compile(closed(schema) as Schema));
    }
  }

  get kinds(): readonly string[] {
    return [...this.#schemas.keys()];
  }

  schema(kind: string): Schema | undefined {
    return this.#schemas.get(kind);
  }

  /** Checks each line of what was printed; returns the documents. Fails when there are none. */
  check(text: string, ...kinds: readonly string[]): Printed[] {
    const documents = text
      .split('\n')
      .filter(line => line !== '')
      .map(line => this.#checkOne(line));
    assert.notEqual(documents.length, 0, 'nothing was printed');
    for (const kind of kinds)
      assert.ok(
        documents.some(document => document.kind === kind),
        `no ${kind} in ${text}`,
      );
    return documents;
  }

  /** What no checked document has held so far: kinds, and properties other than as null. */
  unseen(): string[] {
    return [...this.#schemas].flatMap(([kind, schema]) => pathsOf(kind, schema)).filter(path => !this.#seen.has(path));
  }

  #checkOne(line: string): Printed {
    const document = JSON.parse(line) as Printed;
    const validate = this.#validators.get(document.kind);
    assert.ok(validate, `no schema for ${line}`);
    assert.ok(validate(document), `${JSON.stringify(validate.errors, null, 1)}\nin ${line}`);
    this.#note(document.kind, this.#schemas.get(document.kind) ?? {}, document);
    return document;
  }

  #note(path: string, schema: Schema, value: unknown): void {
    if (value === null || value === undefined) return;
    this.#seen.add(path);
    if (Array.isArray(value) && schema.items) for (const item of value) this.#note(`${path}[]`, schema.items, item);
    for (const [name, inner] of Object.entries(schema.properties ?? {}))
      this.#note(`${path}.${name}`, inner, (value as Record<string, unknown>)[name]);
  }
}

function pathsOf(path: string, schema: Schema): string[] {
  const inner = Object.entries(schema.properties ?? {}).flatMap(([name, each]) => pathsOf(`${path}.${name}`, each));
  return [path, ...inner, ...(schema.items?.properties ? pathsOf(`${path}[]`, schema.items) : [])];
}

/** The same schema, open nowhere. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const inner = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, isPlainData(key) ? value : closed(value)]));
  const isPart = !('type' in schema);
  return 'properties' in schema && !isPart ? { ...inner, additionalProperties: false } : inner;
}

function isPlainData(key: string): boolean {
  return key === 'enum' || key === 'required' || key === 'const';
}

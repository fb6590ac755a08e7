/**
 * What a pickle is read into before it becomes plain data: Python's own kinds, so that a list can grow after it was used and a tuple
 * cannot. Numbers, texts, booleans, null, bigint and Buffer stand for themselves.
 */
export type Node =
  | null
  | boolean
  | number
  | bigint
  | string
  | Buffer
  | List
  | Tuple
  | Dict
  | Members
  | Moment
  | Span
  | Zone
  | Region
  | Name;

export class List {
  readonly items: Node[] = [];
}

export class Tuple {
  readonly items: readonly Node[];
  constructor(items: readonly Node[]) {
    this.items = items;
  }
}

export class Dict {
  /** Key, value, key, value, … A key that comes again replaces the first. */
  readonly entries: Node[] = [];
}

/** A set or a frozenset. */
export class Members {
  readonly items: Node[];
  readonly isFrozen: boolean;
  constructor(items: Node[], isFrozen: boolean) {
    this.items = items;
    this.isFrozen = isFrozen;
  }
}

/** A datetime, date or time as Python's `isoformat()` writes it. */
export class Moment {
  readonly text: string;
  /** What it took to find its offset. */
  readonly units: number;
  constructor(text: string, units = 0) {
    this.text = text;
    this.units = units;
  }
}

/** A timedelta in microseconds. */
export class Span {
  readonly microseconds: number;
  constructor(microseconds: number) {
    this.microseconds = microseconds;
  }
}

/** A timezone of a fixed offset, in microseconds east of UTC. */
export class Zone {
  readonly offset: number;
  constructor(offset: number) {
    this.offset = offset;
  }
}

/** A ZoneInfo: a zone whose offset depends on the time. */
export class Region {
  readonly name: string;
  readonly format: Intl.DateTimeFormat;
  readonly units = REGION_UNITS;
  constructor(name: string, format: Intl.DateTimeFormat) {
    this.name = name;
    this.format = format;
  }
}

/** A name of Python's that is known here: what may be called, and by which name it was called. */
export class Name {
  readonly full: string;
  readonly build: (args: readonly Node[]) => Node;
  constructor(full: string, build: (args: readonly Node[]) => Node) {
    this.full = full;
    this.build = build;
  }
}

/** Why a pickle is not read: one phrase that goes on with "a pickle". */
export class PickleRefusal extends Error {}

export function damaged(what: string): PickleRefusal {
  return new PickleRefusal(`that is damaged (${what})`);
}

/** It holds more than plain data. */
export function foreign(what: string): PickleRefusal {
  return new PickleRefusal(`that holds more than plain data (${what})`);
}

/** It would take too much to read it. */
export function tooMuch(what: string): PickleRefusal {
  return new PickleRefusal(`that is too large (${what})`);
}

/** An array, a Map or a Set and its object. */
export const CONTAINER_UNITS = 8;

/** What Intl keeps for a time zone; Python writes each zone once. */
const REGION_UNITS = 2 ** 13;

/** The work of looking up an offset, in what memory of the same cost would be. */
export const OFFSET_UNITS = 64;

/** A name in a message of one line. */
export function shown(name: string): string {
  const text = name.replace(/[^\x20-\x7e]/g, '?');
  return text.length <= 100 ? text : `${text.slice(0, 99)}…`;
}

/** No module or function has a longer name. */
export const MAX_NAME_BYTES = 500;

/** What reading may cost: a unit stands for about eight bytes of memory. Nothing that a pickle says is free. */
export class Budget {
  #left: number;
  constructor(units: number) {
    this.#left = units;
  }

  spend(units: number): void {
    this.#left -= units;
    if (this.#left < 0) throw tooMuch('its data are larger than rqt reads');
  }
}

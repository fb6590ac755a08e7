import { StringDecoder } from 'node:string_decoder';
import type { StreamName } from '../../model.ts';

/** A line without an end is passed on in parts of this size. */
const LONGEST_PART = 64 * 1024;

/** Cuts what a job writes into lines: a line, and a character, may come in several chunks. */
export class JobLines {
  readonly #streams = { stdout: newStream(), stderr: newStream() };

  /** The whole lines that the chunk completes, each with its line feed; '' when it completes none. */
  add(stream: StreamName, chunk: Buffer): string {
    const state = this.#streams[stream];
    const text = state.partial + state.decoder.write(chunk);
    const end = text.lastIndexOf('\n') + 1;
    const cut = end === 0 && text.length > LONGEST_PART ? text.length : end;
    state.partial = text.slice(cut);
    return text.slice(0, cut);
  }

  /** What is left of both streams at the job's end. */
  rest(): { stream: StreamName; text: string }[] {
    return (['stdout', 'stderr'] as const).flatMap(stream => {
      const state = this.#streams[stream];
      const text = state.partial + state.decoder.end();
      this.#streams[stream] = newStream();
      return text === '' ? [] : [{ stream, text }];
    });
  }
}

function newStream() {
  return { decoder: new StringDecoder('utf8'), partial: '' };
}

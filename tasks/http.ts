import { setImmediate as turnOfTheLoop } from 'node:timers/promises';

const MAX_BODY_BYTES = 256 * 1024;
const DEFAULT_TIMEOUT_SECONDS = 60;

/** Keyword arguments of {@link get}: `headers:='{"accept": "text/plain"}'`, `timeoutSeconds=10`. */
export interface GetOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** For the whole exchange; 60 when absent. */
  readonly timeoutSeconds?: number | string;
}

/** Keyword arguments of {@link post}: one of `body=text` and `json:='{"a": 1}'`. */
export interface PostOptions extends GetOptions {
  readonly body?: string;
  readonly json?: unknown;
}

/** What the server answered. */
export interface Answer {
  readonly status: number;
  readonly contentType: string | null;
  /** JSON as the value it stands for, anything else as text. Text that was cut ends with a mark that says so. */
  readonly body: unknown;
  readonly isCut: boolean;
}

/** Fetches a URL: `rqt enqueue http#get https://example.org/`. Fails the job on any status but 2xx; redirects are followed. */
export async function get(url: string, options: GetOptions = {}): Promise<Answer> {
  return await request(url, { method: 'GET', headers: new Headers(options.headers) }, options);
}

/** Posts text or JSON to a URL: `rqt enqueue http#post https://example.org/ json:='{"a": 1}'`. Fails as {@link get} does. */
export async function post(url: string, options: PostOptions = {}): Promise<Answer> {
  const { body, json } = options;
  if (body !== undefined && json !== undefined) throw new TypeError('body and json are two ways to say the same; give one');
  const headers = new Headers(options.headers);
  if (json !== undefined && !headers.has('content-type')) headers.set('content-type', 'application/json');
  return await request(url, { method: 'POST', headers, body: json === undefined ? (body ?? '') : JSON.stringify(json) }, options);
}

interface Order {
  readonly method: 'GET' | 'POST';
  readonly headers: Headers;
  readonly body?: string;
}

async function request(url: string, order: Order, { timeoutSeconds }: GetOptions): Promise<Answer> {
  const what = `${order.method} ${checkUrl(url)}`;
  const deadline = startDeadline(timeoutSeconds);
  const openBefore = countOpenResources();
  // A connection kept for the next request would outlive the job.
  order.headers.set('connection', 'close');
  try {
    const response = await fetch(url, { ...order, signal: deadline.signal });
    const { text, isCut } = await readBody(response);
    if (!response.ok) throw new StatusError(`${what} was answered ${response.status} ${response.statusText}: ${showStart(text)}`);
    const contentType = response.headers.get('content-type');
    return { status: response.status, contentType, body: isCut ? text : parseBody(text, contentType), isCut };
  } catch (error) {
    throw error instanceof StatusError ? error : explain(what, error);
  } finally {
    deadline.clear();
    await untilClosed(openBefore);
  }
}

function checkUrl(url: unknown): string {
  if (typeof url === 'string' && URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return url;
  throw new TypeError(`a URL is needed, such as https://example.org/, not ${JSON.stringify(url)}`);
}

/** The server was reached and said no. */
class StatusError extends Error {}

interface Deadline {
  readonly signal: AbortSignal;
  clear(): void;
}

function startDeadline(given: number | string = DEFAULT_TIMEOUT_SECONDS): Deadline {
  const seconds = Number(given);
  if (!(seconds > 0 && seconds <= 86_400))
    throw new TypeError(`timeoutSeconds is a number of seconds up to a day, not ${JSON.stringify(given)}`);
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new Error(`no complete answer within ${seconds} seconds`)), seconds * 1000);
  return { signal: controller.signal, clear: () => clearTimeout(timer) };
}

/** The body as text, up to the limit; what comes after is not even received. */
async function readBody(response: Response): Promise<{ text: string; isCut: boolean }> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop cancels the stream, and with it the connection.
  for await (const piece of response.body ?? []) {
    pieces.push(piece);
    size += piece.byteLength;
    if (size > MAX_BODY_BYTES) break;
  }
  const bytes = Buffer.concat(pieces);
  if (size <= MAX_BODY_BYTES) return { text: bytes.toString('utf8'), isCut: false };
  const head = bytes
    .subarray(0, MAX_BODY_BYTES)
    .toString('utf8')
    .replace(/\ufffd$/, '');
  return { text: `${head}\n[cut: only the first ${MAX_BODY_BYTES} bytes are kept]`, isCut: true };
}

function parseBody(text: string, contentType: string | null): unknown {
  if (!/^application\/([\w.-]+\+)?json\b/i.test(contentType ?? '')) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function showStart(text: string): string {
  const start = text.slice(0, 200).replace(/\p{C}+/gu, ' ');
  return text.length > 200 ? `${start}…` : start;
}

/** `fetch failed` alone helps nobody: its cause knows whether the name, the connection or the certificate was at fault. */
function explain(what: string, error: unknown): Error {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return new Error(`${what} failed: ${reasonOf(cause)}`, { cause: error });
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  // fetch says no more of a port that browsers do not connect to either, such as 1 or 25.
  if (cause.message === 'bad port') return 'requests to this port are not allowed';
  return cause.message || ('code' in cause ? String(cause.code) : cause.name);
}

/** A closed connection takes some turns of the event loop to go; the job's end waits for it, to leave its executor clean. */
async function untilClosed(openBefore: number): Promise<void> {
  for (let turn = 0; turn < 100 && countOpenResources() > openBefore; turn += 1) await turnOfTheLoop();
}

function countOpenResources(): number {
  return process.getActiveResourcesInfo().filter(resource => /^(TCP|TLS)/.test(resource)).length;
}

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { get, post } from '../../tasks/http.ts';

const server = createServer(answer);
let base = '';
before(async () => {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => {
  server.closeAllConnections();
  server.close();
});

test('get returns the status and JSON as its value', async () => {
  assert.deepEqual(await get(`${base}/json`), { status: 200, contentType: 'application/json', body: { a: [1] }, isCut: false });
});

test('get sends headers and closes its connection', async () => {
  const { body } = await get(`${base}/echo`, { headers: { 'x-a': '1' } });
  assert.match(String(body), /^GET x-a=1 connection=close type=undefined body=$/);
});

test('post sends text as it is and JSON with its type', async () => {
  assert.match(String((await post(`${base}/echo`, { body: 'x=1' })).body), /^POST .* body=x=1$/);
  assert.match(String((await post(`${base}/echo`, { json: { a: 1 } })).body), /type=application\/json body=\{"a":1\}$/);
  assert.match(String((await post(`${base}/echo`)).body), /^POST .* body=$/);
  await assert.rejects(post(`${base}/echo`, { body: 'x', json: 1 }), TypeError);
});

test('another status than 2xx fails with it and the start of the body', async () => {
  await assert.rejects(get(`${base}/500`), {
    message: `GET ${base}/500 was answered 500 Internal Server Error: broken ${'x'.repeat(193)}…`,
  });
});

test('redirects are followed', async () => {
  assert.deepEqual((await get(`${base}/redirect`)).body, { a: [1] });
});

test('a body over 256 KiB is cut, and says so', async () => {
  const { body, isCut } = await get(`${base}/endless`);
  assert.ok(isCut);
  assert.match(String(body).slice(-60), /x\n\[cut: only the first 262144 bytes are kept\]$/);
});

test('an answer that does not come fails after the time allowed', async () => {
  await assert.rejects(get(`${base}/never`, { timeoutSeconds: '0.1' }), {
    message: `GET ${base}/never failed: no complete answer within 0.1 seconds`,
  });
});

test('a connection that is refused fails with the reason', async () => {
  await assert.rejects(get('http://127.0.0.1:1/'), {
    message: /^GET http:\/\/127\.0\.0\.1:1\/ failed: .*(ECONNREFUSED|requests to this port are not allowed)/,
  });
});

for (const url of ['', 'file:///etc/passwd', 'data:text/plain,x', 'example.org']) {
  test(`'${url}' is no URL to fetch`, async () => {
    await assert.rejects(get(url), TypeError);
  });
}

test('nothing stays open behind a request, however it ended', async () => {
  const task = new URL('../../../dist/tasks/http.js', import.meta.url).href;
  const script = `
    const { get } = await import(${JSON.stringify(task)});
    for (const path of ['/json', '/endless', '/500', '/redirect', '/never']) {
      await get(${JSON.stringify(base)} + path, { timeoutSeconds: 0.5 }).catch(() => {});
      console.log(path, process.getActiveResourcesInfo().filter(name => /TCP|TLS|Timeout/.test(name)));
    }`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
  assert.equal(stdout, '/json []\n/endless []\n/500 []\n/redirect []\n/never []\n');
});

function answer(request: IncomingMessage, response: ServerResponse): void {
  const { method, url, headers } = request;
  if (url === '/json') response.writeHead(200, { 'content-type': 'application/json' }).end('{"a":[1]}');
  else if (url === '/500') response.writeHead(500).end(`broken\n${'x'.repeat(1000)}`);
  else if (url === '/redirect') response.writeHead(302, { location: '/json' }).end();
  else if (url === '/endless') sendForEver(response);
  else if (url === '/echo') {
    const chunks: Buffer[] = [];
    request.on('data', chunk => chunks.push(chunk));
    request.on('end', () => {
      const type = headers['content-type'];
      response.end(`${method} x-a=${headers['x-a']} connection=${headers.connection} type=${type} body=${Buffer.concat(chunks)}`);
    });
  }
}

function sendForEver(response: ServerResponse): void {
  const send = () => {
    while (!response.destroyed && response.write(Buffer.alloc(65_536, 'x')));
  };
  response.on('drain', send);
  send();
}

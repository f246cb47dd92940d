// Makes a line for a peer, or the table of all peers, out of what their checks recorded:
// `matrix.mjs summary FOLDER PEER VERDICT`, `matrix.mjs table FOLDER`.
import { existsSync, readdirSync, readFileSync } from 'node:fs';

const order = [
  'start chat',
  'connect',
  'messages',
  'typing',
  'receipts',
  'transcript',
  'paging',
  'attachments',
  'interactive message',
  'view',
  'streamed message',
  'participant events',
  'authentication',
  'persistent chat',
  'agent seat',
  'reconnect',
  'rotation',
  'chat ended',
  'idempotency',
  'errors',
  'quotas',
  'console',
];

function read(file) {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

const count = (results, result) => results.filter((line) => line.result === result).length;

function summary(folder, peer, verdict) {
  const results = read(`${folder}/${peer}.jsonl`);
  const behaviours = new Set(results.map(({ behaviour }) => behaviour)).size;
  const failed = count(results, 'failed');
  const impossible = count(results, 'not possible');
  const parts = [`${behaviours} behaviours`, `${results.length} checks`];
  if (failed > 0) parts.push(`${failed} failed`);
  if (impossible > 0) parts.push(`${impossible} not possible`);
  return `peer ${peer}: ${parts.join(', ')}, ${verdict}`;
}

function cell(results) {
  if (results.length === 0) return '';
  const failed = count(results, 'failed');
  if (failed > 0) return `failed (${failed} of ${results.length})`;
  const ok = count(results, 'ok');
  return ok > 0 ? `ok (${ok})` : 'not possible';
}

function table(folder) {
  const peers = readdirSync(folder)
    .filter((name) => name.endsWith('.jsonl'))
    .map((name) => name.slice(0, -'.jsonl'.length))
    .sort();
  const results = peers.map((peer) => read(`${folder}/${peer}.jsonl`));
  const named = new Set(results.flat().map(({ behaviour }) => behaviour));
  const behaviours = [...order.filter((id) => named.delete(id)), ...[...named].sort()];
  const row = (cells) => `| ${cells.join(' | ')} |`;
  const lines = behaviours.map((id) =>
    row([id, ...results.map((lines) => cell(lines.filter(({ behaviour }) => behaviour === id)))]),
  );
  const notes = results
    .flat()
    .filter(({ result }) => result !== 'ok')
    .map(({ peer, behaviour, result, note }) => `- ${peer}, ${behaviour}: ${result}: ${note}`);
  return [
    '# What each peer confirmed',
    '',
    'In brackets: the number of checks.',
    '',
    row(['behaviour', ...peers]),
    row(['behaviour', ...peers].map(() => '---')),
    ...lines,
    ...(notes.length > 0 ? ['', ...notes] : []),
  ].join('\n');
}

const [what, ...rest] = process.argv.slice(2);
console.log({ summary, table }[what](...rest));

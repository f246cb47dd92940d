// Runs all scenarios in the hosts named as arguments, and then checks the types of what they received.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { launchOptions } from '../support/chromium.mjs';

const results = fileURLToPath(new URL('../../../target/peers/results/', import.meta.url));
// All of them, or those that PEER_SCENARIOS names: `messages,typing`.
const only = process.env.PEER_SCENARIOS?.split(',').filter(Boolean) ?? [];
const scenarios = readdirSync(new URL('scenarios/', import.meta.url))
  .filter((name) => only.length === 0 || only.includes(name.replace('.test.mjs', '')))
  .map((name) => `scenarios/${name}`);

async function nodeTest(files, env) {
  const options = ['--test', '--test-reporter=spec', '--test-concurrency=3'];
  const child = spawn(process.execPath, [...options, ...files], { stdio: 'inherit', env: { ...process.env, ...env } });
  const [code] = await once(child, 'close');
  if (code !== 0) process.exitCode = 1;
}

const named = process.argv.slice(2);
mkdirSync(results, { recursive: true });
for (const host of named.length > 0 ? named : ['node', 'chromium']) {
  const peer = `chatjs-${host}`;
  const env = {
    PEER: peer,
    PEER_HOST: host,
    PEER_RESULTS: `${results}${peer}.jsonl`,
    PEER_RECEIVED: `${results}${peer}.received`,
  };
  for (const file of [env.PEER_RESULTS, env.PEER_RECEIVED]) rmSync(file, { force: true });
  const browser = host === 'chromium' ? await chromium.launchServer(launchOptions) : undefined;
  await nodeTest(scenarios, browser ? { ...env, CHROMIUM_ENDPOINT: browser.wsEndpoint() } : env);
  await browser?.close();
  await nodeTest(['types.test.mjs'], env);
}

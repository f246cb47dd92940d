// Where ChatJS runs in this process: PEER_HOST is `node` or `chromium`.
const host = process.env.PEER_HOST || 'node';
if (!['node', 'chromium'].includes(host)) throw new Error(`PEER_HOST is ${host}: use node or chromium`);

export const { openHost, closeBrowser = async () => {} } = await import(`./${host}.mjs`);
export { host };

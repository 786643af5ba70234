import assert from 'node:assert/strict';
import { parseEnv } from '../../../src/deployment/env.ts';

describe('.env', () => {
  it('reads plain, quoted, exported and commented lines', () => {
    const text = ['# tokens', 'HF_TOKEN=hf_abc', 'export GH_TOKEN = "gh x"  # mine', "NAMESPACE='my ns'", 'EMPTY=', 'HASH=a#b', 'not a line'].join('\r\n');
    assert.deepEqual(parseEnv(text), { HF_TOKEN: 'hf_abc', GH_TOKEN: 'gh x', NAMESPACE: 'my ns', EMPTY: '', HASH: 'a#b' });
  });
});

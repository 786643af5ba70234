import assert from 'node:assert/strict';
import { productionConfirmation } from '../../../src/host/commands/production-confirmation.ts';

const cluster = { context: 'prod-eu', namespace: 'llm-d', server: 'https://10.0.0.1:6443' };

describe('commands in a production context', () => {
  it('warn above their own question', () => {
    const own = { message: 'Stop wide-ep?', detail: 'It is deleted.', action: 'Stop' };
    const asked = productionConfirmation(cluster, 'Stop Deployment...', false, own);
    assert.deepEqual([asked?.message, asked?.action], ['Stop wide-ep?', 'Stop']);
    assert.match(asked?.detail ?? '', /^Context prod-eu is marked as production .*\n\nIt is deleted\.$/s);
  });

  it('ask where they ask nowhere else, and name the place', () => {
    const asked = productionConfirmation(cluster, 'Run Benchmark...', true, undefined);
    assert.deepEqual([asked?.message, asked?.action], ['Run Benchmark in prod-eu/llm-d?', 'Run Benchmark']);
    assert.match(asked?.detail ?? '', /https:\/\/10\.0\.0\.1:6443/);
  });

  it('that only look ask nothing', () => {
    assert.equal(productionConfirmation(cluster, 'Show Logs', false, undefined), undefined);
  });
});

import { createServer, type ServerResponse } from 'node:http';
import { DisposableStore } from '../../../base/disposables.ts';
import { isAbort } from '../../../base/errors.ts';
import type { ClusterView, ContainerProgram } from '../../nodes/types.ts';
import { untilAborted } from '../servers/until-aborted.ts';
import { sendEmpty, sendText } from '../servers/http/respond.ts';
import { EndpointScheduler } from './endpoint-scheduler.ts';
import type { Pickers } from './pickers.ts';
import { pickerMetrics } from './picker-metrics.ts';
import { poolState } from './pool-state.ts';
import { goFlag, GoLog } from './zap-log.ts';

const IMAGE = /llm-d-inference-scheduler|llm-d-router-endpoint-picker|\/epp(:|@|$)/;

/** The endpoint picker (EPP) of an InferencePool: chooses pods for the gateway, tells its metrics. */
export function endpointPickerProgram(view: ClusterView, pickers: Pickers): ContainerProgram {
  return {
    name: 'endpoint-picker',
    matches: ({ image }) => IMAGE.test(image),
    async run(context) {
      const flag = (name: string): string | undefined => goFlag(context.command, name);
      const log = new GoLog(context, 'runner/runner.go:183', flag('zap-encoder') === 'json');
      const pool = flag('pool-name') ?? flag('poolName') ?? '';
      const namespace = flag('pool-namespace') ?? flag('poolNamespace') ?? context.namespace;
      if (pool === '') {
        log.error('Failed to validate flags', { error: 'required "pool-name" flag not set' });
        return 1;
      }
      const scheduler = new EndpointScheduler();
      // It asks the API server about the caller's token otherwise; in the demo nobody is told that right.
      const open = flag('metrics-endpoint-auth') === 'false';
      const sendMetrics = async (response: ServerResponse): Promise<void> => {
        const found = view.resolvePool(namespace, { pool });
        const states = found === undefined ? [] : await poolState(context.network, found);
        sendText(
          response,
          200,
          pickerMetrics(context.image, pool, states, scheduler),
          'text/plain; version=0.0.4; charset=utf-8',
        );
      };
      const owned = new DisposableStore();
      try {
        await context.time.pass(2, context.signal);
        log.info('Starting GIE endpoint picker', {
          pool,
          namespace,
          configFile: flag('config-file') ?? flag('configFile') ?? '',
        });
        const metrics = createServer((request, response) => {
          if (request.url !== '/metrics') sendEmpty(response, 404);
          else if (open) void sendMetrics(response);
          else sendText(response, 401, 'Unauthorized\n');
        });
        owned.add(context.network.listen(context.podIp, Number(flag('metrics-port') ?? 9090), metrics));
        const health = createServer((_, response) => sendText(response, 200, 'ok'));
        owned.add(context.network.listen(context.podIp, Number(flag('grpc-health-port') ?? 9003), health));
        owned.add(context.network.listen(context.podIp, Number(flag('grpc-port') ?? 9002), health));
        owned.add(pickers.register(namespace, pool, scheduler));
        log.info('gRPC server listening', { name: 'ext-proc', port: 9002 });
        return await untilAborted(context.signal);
      } catch (error) {
        if (isAbort(error)) return 0;
        throw error;
      } finally {
        owned.dispose();
      }
    },
  };
}

import { timeLimit } from '../../base/clock.ts';
import { placeOf } from '../../kube/place.ts';
import { plural } from '../../protocol/format.ts';
import { clusterCommand } from './definition.ts';

const PATIENCE_MS = 30_000;

export const DECODE_POD_COMMANDS = {
  'llmd.writeDecodePods': clusterCommand('llmd.writeDecodePods', {
    async run({ host, cluster }) {
      const { decodePods } = host.workbench;
      const { pods } = await decodePods.write(
        cluster,
        timeLimit(PATIENCE_MS, `list the decode pods of ${placeOf(cluster)}`),
      );
      await decodePods.follow();
      host.say(
        `.tmp/decode_pods.txt names ${plural(pods, 'decode pod')} of ${placeOf(cluster)}, and is kept current until it is deleted.`,
      );
    },
  }),
};

// `npm run test:conformance [-- file...]`: the same cases against the demo cluster and a real control plane; mocha's closing lines tell.
import { controlPlaneBinaries, goOfThisMachine } from './binaries.ts';
import { runConformance, skippedWithoutGo } from './suite.ts';

const go = await goOfThisMachine();
if (go === undefined) console.log(skippedWithoutGo);
else process.exitCode = (await runConformance(await controlPlaneBinaries(go), process.argv.slice(2))).code;

// A reader process: what it can do is what the features have put into their tables.
import { resultTasks } from './benchmarks/reader-tasks.ts';
import { serveTasks } from './readers/serve.ts';
import { traceTasks } from './traces/reader-tasks.ts';

serveTasks({ ...resultTasks, ...traceTasks });

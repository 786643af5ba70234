// A reader process: what it can do is what the features have put into their tables.
import { serveTasks } from './readers/serve.ts';
import { traceTasks } from './traces/reader-tasks.ts';

serveTasks({ ...traceTasks });

import { config } from 'zod';

// Compiling schemas needs `eval`, which pages forbid, and probing for it makes VS Code log an error in the extension host.
config({ jitless: true });

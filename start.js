// The entry point of the server.
import { isNodeSupported } from './supported-node.js';

if (isNodeSupported()) await import('./src/main.ts');
else process.exitCode = 1;

#!/usr/bin/env node
// The command `heliograph`, for operators.
import { isNodeSupported } from './supported-node.js';

if (isNodeSupported()) await import('./src/cli.ts');
else process.exitCode = 1;

#!/usr/bin/env node
// A CommonJS file before the program: Node reads the files of modules with its thread pool, so in a
// module it is too late to choose the pool's size. The default of 4 threads would let four fsyncs at
// a time hold everybody up; with many more than cores, threads mostly wake one another.
process.env.UV_THREADPOOL_SIZE ??= '8'
void import('./main.ts')

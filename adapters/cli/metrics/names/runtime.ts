import { counter, gauge, histogram, type Names } from './metric-name.ts'

/** The process. The names that begin with `process_` are those that every Prometheus client has. */
export const runtimeNames: Names<
  'build' | 'cpu' | 'memory' | 'started' | 'heapUsed' | 'heapTotal' | 'external' | 'loopDelay'
> = {
  build: gauge(
    'layerdock_build_info',
    ['version', 'runtime'],
    'Always 1. The labels say which version runs, and on what.',
  ),
  cpu: counter(
    'process_cpu_seconds_total',
    [],
    'Time of the processor that the process used, in seconds.',
  ),
  memory: gauge('process_resident_memory_bytes', [], 'Memory of the machine that the process has.'),
  started: gauge(
    'process_start_time_seconds',
    [],
    'When the process started, in seconds since 1970.',
  ),
  heapUsed: gauge('layerdock_heap_used_bytes', [], 'Memory that objects of JavaScript take.'),
  heapTotal: gauge('layerdock_heap_total_bytes', [], 'Memory that is set aside for these objects.'),
  external: gauge(
    'layerdock_external_memory_bytes',
    [],
    'Memory beside these objects, such as that of buffers.',
  ),
  loopDelay: histogram(
    'layerdock_event_loop_delay_seconds',
    [],
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    'How late a timer was, looked at ten times a second: how long requests wait for the thread.',
  ),
}

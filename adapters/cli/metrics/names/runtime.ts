import { counter, gauge, histogram, type Names } from './metric-name.ts'

/** The process. The names that begin with `process_` are those that every Prometheus client has. */
export const runtimeNames: Names<
  'build' | 'cpu' | 'memory' | 'started' | 'heapUsed' | 'heapTotal' | 'external' | 'loopDelay'
> = {
  build: gauge(
    'layerdock_build_info',
    ['version', 'runtime'],
    'Always 1. The labels give the version and the runtime.',
  ),
  cpu: counter('process_cpu_seconds_total', [], 'CPU time of the process, in seconds.'),
  memory: gauge('process_resident_memory_bytes', [], 'Resident memory of the process.'),
  started: gauge(
    'process_start_time_seconds',
    [],
    'Start time of the process, in seconds since 1970.',
  ),
  heapUsed: gauge('layerdock_heap_used_bytes', [], 'Memory that JavaScript objects use.'),
  heapTotal: gauge('layerdock_heap_total_bytes', [], 'Memory reserved for JavaScript objects.'),
  external: gauge(
    'layerdock_external_memory_bytes',
    [],
    'Memory outside the JavaScript heap, such as buffers.',
  ),
  loopDelay: histogram(
    'layerdock_event_loop_delay_seconds',
    [],
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    'Delay of a timer that runs ten times a second: how long requests wait for the thread.',
  ),
}

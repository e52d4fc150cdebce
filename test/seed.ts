import fc from 'fast-check'

// Properties are tried with the same values each time, so that what passes once passes again:
// `TEST_SEED=$RANDOM npm test` tries others.
fc.configureGlobal({ seed: Number(process.env.TEST_SEED ?? 1) })

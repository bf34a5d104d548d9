import { realSuite } from './real-suite.ts'

realSuite('oracle', 4)

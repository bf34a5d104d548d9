import { realSuite } from './real-suite.ts'

realSuite('mariadb', 2)

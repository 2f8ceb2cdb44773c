import type { Command } from 'commander'
import type { Writable } from 'node:stream'
import type { LoadedConfig } from '../config.ts'
import type { Clock } from '../lib/clock.ts'
import { CommandError } from './command.ts'
import { examine, type Finding, type Probes } from './doctor-checks.ts'
import { printJson } from './output.ts'

export interface DoctorDeps {
  readonly loadConfig: () => LoadedConfig
  readonly probes: Probes
  readonly stdout: Writable
  readonly clock: Clock
}

/** `offhook doctor`: what is wrong with this installation, in words. Exit status 1 when something does not work. */
export function registerDoctor(program: Command, { loadConfig, probes, stdout, clock }: DoctorDeps): void {
  program
    .command('doctor')
    .description('what is wrong with this installation, in words')
    .option('--json', 'for programs')
    .action(async (options: { json?: boolean }) => {
      const { config, warnings } = loadConfig()
      const findings = [...warnings.map(environmentFinding), ...(await examine(config, probes, clock))]
      if (options.json) printJson(stdout, findings)
      else stdout.write(renderFindings(findings))
      const failed = findings.filter(finding => finding.status === 'failed').length
      if (failed > 0) throw new CommandError(`${failed === 1 ? '1 thing does' : `${failed} things do`} not work`)
    })
}

function environmentFinding(warning: string): Finding {
  const [text = '', advice] = warning.split('; ')
  return { check: 'environment', status: 'warning', text, advice }
}

const marks = { ok: '✔', warning: '!', failed: '✖' }

export function renderFindings(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ check }) => check.length))
  const indent = ' '.repeat(width + 4)
  return findings
    .map(({ check, status, text, advice }) => {
      const line = `${marks[status]} ${check.padEnd(width)}  ${text}\n`
      return advice ? `${line}${indent}→ ${advice}\n` : line
    })
    .join('')
}

import { describe, expect, it } from 'vitest'
import { settings } from '../../server/config.ts'
import { renderConfigurationPage } from './configuration-page.ts'

describe('docs/configuration.md', () => {
  it('is what the settings say (run this test with -u to write it anew)', async () => {
    await expect(renderConfigurationPage()).toMatchFileSnapshot('../../docs/configuration.md')
  })

  it('has a sentence for every setting', () => {
    expect(settings.filter(({ description }) => !/^[A-Z`].*\.$/.test(description)).map(({ env }) => env)).toEqual([])
  })
})

import { describe, expect, it } from 'vitest'
import { hashAdministratorPassword, verifyAdministratorPassword } from '../../server/accounts/administrator-password.ts'
import { AdministratorService } from '../../server/accounts/administrator-service.ts'
import { openTestStore } from '../store/support.ts'

describe('AdministratorService', () => {
  it('lets in who knows the password, and nobody else', async () => {
    const service = new AdministratorService(await openTestStore())
    await service.add('root', 'correct horse')
    expect(await service.verify('root', 'correct horse')).toMatchObject({ name: 'root' })
    expect(await service.verify('root', 'incorrect horse')).toBeUndefined()
    expect(await service.verify('toor', 'correct horse')).toBeUndefined()
    expect(await service.verify('toor', '')).toBeUndefined()
    await service.setPassword('root', 'battery staple')
    expect(await service.verify('root', 'correct horse')).toBeUndefined()
    expect(await service.verify('root', 'battery staple')).toBeDefined()
  })

  it('says which name is taken or unknown, and which field is wrong', async () => {
    const service = new AdministratorService(await openTestStore())
    await service.add('root', 'correct horse')
    await expect(service.add('root', 'battery staple')).rejects.toMatchObject({ code: 'ACCOUNT_EXISTS' })
    await expect(service.setPassword('toor', 'battery staple')).rejects.toMatchObject({ code: 'ACCOUNT_UNKNOWN' })
    await expect(service.remove('toor')).rejects.toMatchObject({ code: 'ACCOUNT_UNKNOWN' })
    await expect(service.add('toor', 'short')).rejects.toMatchObject({ field: 'password' })
    await expect(service.add('t oor', 'battery staple')).rejects.toMatchObject({ field: 'user' })
    await service.remove('root')
    expect(await service.list()).toEqual([])
  })
})

describe('an administrator’s password', () => {
  it('is kept as scrypt with N = 2^15 and a salt of its own', async () => {
    const [one, two] = [
      await hashAdministratorPassword('correct horse'),
      await hashAdministratorPassword('correct horse'),
    ]
    expect(one).toMatch(/^scrypt\$32768\$8\$1\$[\w-]{22}\$[\w-]{43}$/)
    expect(one).not.toBe(two)
  })

  it('is the same however its accents were typed', async () => {
    const hash = await hashAdministratorPassword('Caf\u00e9 cr\u00e8me')
    expect(await verifyAdministratorPassword('Cafe\u0301 cre\u0300me', hash)).toBe(true)
  })

  it('is not compared with what is no hash', async () => {
    await expect(verifyAdministratorPassword('x', 'plain text')).rejects.toThrow(TypeError)
  })
})

import { randomBytes, scrypt, timingSafeEqual, type ScryptOptions } from 'node:crypto'

/** About 0.1 s and 32 MB for each guess. Kept with each hash, so that it can be raised. */
const cost = { N: 2 ** 15, r: 8, p: 1 }
const saltBytes = 16
const keyBytes = 32

/** `scrypt$N$r$p$salt$key`, the last two in base64url. */
const hashPattern = /^scrypt\$(\d{1,8})\$(\d{1,2})\$(\d{1,2})\$([\w-]+)\$([\w-]+)$/

export async function hashAdministratorPassword(password: string): Promise<string> {
  const salt = randomBytes(saltBytes)
  const key = await derive(password, salt, cost)
  return ['scrypt', cost.N, cost.r, cost.p, salt.toString('base64url'), key.toString('base64url')].join('$')
}

/** Takes as long for a wrong password as for the right one; throws TypeError when `hash` is none of ours. */
export async function verifyAdministratorPassword(password: string, hash: string): Promise<boolean> {
  const [, N, r, p, salt, key] = hashPattern.exec(hash) ?? []
  if (!salt || !key) throw new TypeError('not a hash of hashAdministratorPassword')
  const expected = Buffer.from(key, 'base64url')
  const given = await derive(password, Buffer.from(salt, 'base64url'), { N: Number(N), r: Number(r), p: Number(p) })
  return given.length === expected.length && timingSafeEqual(given, expected)
}

function derive(password: string, salt: Buffer, { N, r, p }: typeof cost): Promise<Buffer> {
  // Node's own limit is one byte below what N = 2^15 needs.
  const options: ScryptOptions = { N, r, p, maxmem: 256 * N * r }
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFKC'), salt, keyBytes, options, (error, key) => (error ? reject(error) : resolve(key)))
  })
}

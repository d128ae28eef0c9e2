/** Bytes for files of which a test gives only the name and type. Not part of the deployed bundle. */

const BEGINNINGS: [RegExp, string][] = [
  [/png/, '89504e470d0a1a0a0000000d49484452'],
  [/jpe?g/, 'ffd8ffe000104a46494600'],
  [/gif/, '474946383961'],
  [/mpeg|mp3/, '494433040000000000'],
  [/mp4/, '00000018667479706d703432000000006d703432'],
  [/pdf/, '255044462d312e370a'],
  [/openxml|zip|xlsx|docx/, '504b0304140000000800'],
]

/** They begin as a file of this type does, and end with its name. */
export const sampleBytes = (file: { name: string; contentType: string }): Buffer => {
  const kind = `${file.contentType} ${file.name}`.toLowerCase()
  const beginning = BEGINNINGS.find(([pattern]) => pattern.test(kind))?.[1] ?? ''
  return Buffer.concat([Buffer.from(beginning, 'hex'), Buffer.from(`the bytes of ${file.name}`)])
}

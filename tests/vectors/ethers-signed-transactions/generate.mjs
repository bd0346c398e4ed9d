// Writes transactions.json: EIP-1559 transactions signed by ethers. Run: npm install ethers@6.17.0 && node generate.mjs
import { writeFileSync } from 'node:fs'
import { Wallet, getBytes, keccak256, toUtf8Bytes } from 'ethers'

// Deterministic numbers, so that a second run writes the same file.
const digest = (label) => BigInt(keccak256(toUtf8Bytes(label)))
const number = (label, bits) => digest(label) >> BigInt(256 - bits)

const vectors = []
for (let index = 0; index < 64; index++) {
  const label = (name) => `lampyris ${index} ${name}`
  const wallet = new Wallet(keccak256(toUtf8Bytes(label('key'))))
  // Widths from 1 bit on, so that every length of a number occurs.
  const width = (name, bits) => number(label(name), 1 + Number(number(label(`${name} width`), 16) % BigInt(bits)))
  const tip = width('tip', 40)
  const data = getBytes(keccak256(toUtf8Bytes(label('data')))).slice(0, index % 33)
  const fields = {
    type: 2,
    chainId: width('chain', 32) || 1n,
    nonce: Number(width('nonce', 40)),
    maxPriorityFeePerGas: tip,
    maxFeePerGas: tip + width('fee', 60),
    gasLimit: 30_000n + width('gas', 24),
    to: new Wallet(keccak256(toUtf8Bytes(label('to')))).address,
    value: index % 5 === 0 ? 0n : width('value', 90),
    data: `0x${Buffer.from(data).toString('hex')}`,
  }
  const raw = await wallet.signTransaction(fields)
  const plain = Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, typeof value === 'string' ? value : String(value)]),
  )
  vectors.push({ privateKey: wallet.privateKey, from: wallet.address, ...plain, raw, hash: keccak256(raw) })
}
writeFileSync('transactions.json', `${JSON.stringify(vectors, null, 1)}\n`)

import { describe, expect, test } from 'vitest'
import { s3Blobs, s3Options } from '../../adapters/s3/index.ts'
import { settingsOf } from '../../adapters/s3/options.ts'

describe('the URL of a bucket', () => {
  test.each([
    ['s3://images', { bucket: 'images' }],
    ['s3://images/', { bucket: 'images' }],
    ['s3://images/a/b/', { bucket: 'images', prefix: 'a/b' }],
    ['s3://images/a%20b', { bucket: 'images', prefix: 'a b' }],
    [
      's3://my.images/x?endpoint=http://127.0.0.1:8333&region=eu-central-1&path-style=false',
      {
        bucket: 'my.images',
        prefix: 'x',
        endpoint: 'http://127.0.0.1:8333',
        region: 'eu-central-1',
        pathStyle: false,
      },
    ],
    [
      's3://b-1?public-endpoint=https%3A%2F%2Fcdn.example.com&path-style=true',
      { bucket: 'b-1', publicEndpoint: 'https://cdn.example.com', pathStyle: true },
    ],
  ])('%s', (url, options) => {
    expect(s3Options(url)).toEqual(options)
  })

  test.each([
    ['', 'expected s3://'],
    ['images', 'expected s3://'],
    ['https://images', 'expected s3://'],
    ['s3:///prefix', 'expected s3://'],
    ['s3://key:secret@images', 'credentials do not belong'],
    ['s3://key@images', 'credentials do not belong'],
    ['s3://images:9000', 'a port belongs to the endpoint'],
    ['s3://images?endpont=http://a', '"endpont" is not one of endpoint, public-endpoint'],
    ['s3://images?region=a&region=b', 'region is given twice'],
    ['s3://images?region=', 'region is empty'],
    ['s3://images?path-style=yes', 'path-style is true or false'],
    ['s3://images/%zz', 'encodes nothing'],
  ])('%s is refused', (url, why) => {
    expect(() => s3Options(url)).toThrow(TypeError)
    expect(() => s3Options(url)).toThrow(why)
  })

  test('what is refused is not repeated where it may be a secret', () => {
    expect(() => s3Options('s3://key:secret@images')).not.toThrow('secret@')
    expect(() => s3Options('S3X://key:hidden@images')).not.toThrow('hidden')
  })
})

describe('where the bucket is', () => {
  const baseOf = (options: Parameters<typeof settingsOf>[0]): string =>
    settingsOf(options).base.href

  test.each([
    [{ bucket: 'images', region: 'eu-west-1' }, 'https://images.s3.eu-west-1.amazonaws.com/'],
    [{ bucket: 'images', region: 'cn-north-1' }, 'https://images.s3.cn-north-1.amazonaws.com.cn/'],
    // The certificate of AWS covers no bucket with a dot.
    [{ bucket: 'my.images', region: 'eu-west-1' }, 'https://s3.eu-west-1.amazonaws.com/my.images/'],
    [{ bucket: 'images', endpoint: 'http://[::1]:8333' }, 'http://[::1]:8333/images/'],
    [
      { bucket: 'images', endpoint: 'https://s3.test/', pathStyle: false },
      'https://images.s3.test/',
    ],
    [{ bucket: 'images', endpoint: 'https://test/s3/' }, 'https://test/s3/images/'],
  ])('%j', (options, base) => {
    expect(baseOf(options)).toBe(base)
  })

  test('R2 gets its region and parts of one size', () => {
    const endpoint = 'https://abc.r2.cloudflarestorage.com'
    expect(settingsOf({ bucket: 'images', endpoint })).toMatchObject({
      region: 'auto',
      equalParts: true,
    })
  })

  test('a client that sends chunks is told how large a part is', () => {
    // Smaller chunks are taken too, but are read again to become parts.
    const credentials = { accessKeyId: 'id', secretAccessKey: 'secret' }
    const mib = 1024 * 1024
    const least = (partBytes?: number) => {
      const part = partBytes === undefined ? {} : { partBytes }
      return s3Blobs({ bucket: 'images', region: 'eu-west-1', credentials, ...part }).minChunkBytes
    }
    expect([least(), least(5 * mib)]).toEqual([8 * mib, 5 * mib])
  })

  test.each([
    [{ bucket: '' }, 'is not the name of a bucket'],
    [{ bucket: 'a/b' }, 'is not the name of a bucket'],
    [{ bucket: 'images', prefix: '../x' }, 'cannot stand before keys'],
    [{ bucket: 'images', prefix: 'a//b' }, 'cannot stand before keys'],
    [{ bucket: 'images', endpoint: '127.0.0.1:8333' }, 'endpoint: not an http or https URL'],
    [{ bucket: 'images', endpoint: 'http://a:b@host' }, 'endpoint: neither credentials'],
    [{ bucket: 'images', publicEndpoint: 'ftp://a' }, 'publicEndpoint: not an http'],
    [{ bucket: 'images', partBytes: 1 }, 'no part under 5 MiB'],
  ])('%j is refused', (options, why) => {
    expect(() => settingsOf(options)).toThrow(why)
  })
})

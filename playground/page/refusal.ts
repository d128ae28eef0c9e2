/** An error with the HTTP status and headers of its reply. */
export class Refusal extends Error {
  public override readonly name = 'Refusal'
  public readonly status: number
  public readonly headers: Record<string, string>

  public constructor(status: number, message: string, headers: Record<string, string> = {}) {
    super(message)
    this.status = status
    this.headers = headers
  }
}

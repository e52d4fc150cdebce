/** What deleting and the trash says. */
export interface DeletionText {
  readonly title: string
}

/** DeletionText in English. */
export const deletionText: DeletionText = {
  title: 'Delete',
}

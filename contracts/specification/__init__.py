"""The two file formats: what a term sheet and a market file may say, term by term."""

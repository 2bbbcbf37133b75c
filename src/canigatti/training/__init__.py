"""Stage 2: networks trained from scratch, transferred and fine-tuned."""

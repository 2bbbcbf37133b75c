"""Stage 2: training from scratch, transfer learning and fine-tuning."""

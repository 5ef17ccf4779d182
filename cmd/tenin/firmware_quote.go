package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"tenin/storage/seal"
)

// newFirmwareQuote is what systemd starts for a connection to tenin-quote.socket.
func newFirmwareQuote(*flags) *cobra.Command {
	var device string
	c := &cobra.Command{
		Use:    "quote",
		Short:  "Quote the TPM for the hub: a question on standard input, the quote on standard output",
		Hidden: true,
		Long: `Reads one question, {"nonce":BASE64,"key":NKEY}, and writes the TPM's quote of PCR 7 and 11 over both. tenin-quote@.service
runs it with the TPM and without a network, so that what has the network has no TPM.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			b, err := io.ReadAll(io.LimitReader(cmd.InOrStdin(), maxQuoteQuestion+1))
			if err != nil {
				return err
			}
			var q quoteJSON
			d := json.NewDecoder(bytes.NewReader(b))
			d.DisallowUnknownFields()
			if len(b) > maxQuoteQuestion || d.Decode(&q) != nil || len(q.Nonce) != 32 || q.Key == "" {
				return usageError{errors.New("quote: the question is not understood")}
			}
			quote, err := seal.NewAttestor(device).Quote(q.Nonce, q.Key)
			if err != nil {
				return err
			}
			_, err = cmd.OutOrStdout().Write(quote)
			return err
		},
	}
	c.Flags().StringVar(&device, "tpm-device", seal.DefaultTPM, "the TPM, or the socket of an emulator")
	return c
}
